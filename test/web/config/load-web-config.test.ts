// The files that a web config names, and what becomes of them for node:tls.
import { constants } from 'node:crypto';
import { chmodSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ConfigError } from '../../../src/config/problem.ts';
import { files } from '../../../src/host/linux/files.ts';
import { loadWebConfig } from '../../../src/web/config/load-web-config.ts';
import { type Authority, type Certificate, createFolder, type Folder } from '../certificates.ts';

let folder: Folder;
let ca: Authority;
let server: Certificate;
beforeAll(() => {
  folder = createFolder();
  ca = folder.authority('ca');
  server = ca.issue('server');
  ca.issue('other');
  ca.issue('ended', { days: -1 });
});
afterAll(() => folder.remove());

const PAIR = '  cert_file: server.crt\n  key_file: server.key\n';

/** What is loaded of a file with this in its TLS section. */
function load(text: string, seen: string[] = []) {
  folder.write('web.yml', `tls_server_config:\n${text}`);
  const web = loadWebConfig(files, folder.file('web.yml'), (path) => seen.push(path.slice(folder.path.length + 1)));
  return { ...web, context: web.tls?.context };
}

it('what stands in the file and what it names is served alike, by the safe suites', () => {
  const seen: string[] = [];
  const { context, tls, warnings } = load(PAIR, seen);
  expect(context).toEqual({
    cert: server.cert,
    key: server.key,
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.3',
    ciphers: expect.stringMatching(
      /^TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:ECDHE-[A-Z0-9:-]*-POLY1305$/,
    ),
    honorCipherOrder: true,
  });
  expect(tls).toMatchObject({ clientAuth: 'NoClientCert', clientAllowedSans: undefined });
  expect([seen, warnings]).toEqual([['web.yml', 'server.crt', 'server.key'], []]);
  const indented = (text: string) => text.trim().replaceAll('\n', '\n    ');
  const inline = load(`  cert: |\n    ${indented(server.cert)}\n  key: |\n    ${indented(server.key)}\n`);
  expect(inline.context).toEqual({ ...context, key: expect.stringContaining('PRIVATE KEY') });
});

it('where clients need a certificate, it is of the CA that is named, and no session is resumed', () => {
  const asked = '  client_auth_type: RequireAnyClientCert\n';
  const bare = { secureOptions: constants.SSL_OP_NO_TICKET, ca: [] };
  expect(load(`${PAIR}${asked}`).context).toMatchObject(bare);
  expect(load(`${PAIR}${asked}  client_ca_file: ca.crt\n`).context).toMatchObject({ ...bare, ca: ca.cert });
});

it('versions, suites and curves are those of the file, in its order', () => {
  const { context } = load(
    `${PAIR}  min_version: TLS12\n  max_version: TLS12\n  prefer_server_cipher_suites: no\n  curve_preferences: [X25519, CurveP256]\n` +
      '  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_AES_128_GCM_SHA256]\n',
  );
  expect(context).toMatchObject({
    maxVersion: 'TLSv1.2',
    honorCipherOrder: false,
    ecdhCurve: 'X25519:P-256',
    ciphers: expect.stringMatching(/_SHA256:ECDHE-ECDSA-AES256-SHA:ECDHE-ECDSA-AES128-GCM-SHA256$/),
  });
});

it.each(['TLS10', 'TLS11'])(
  'from %s on there are the suites that it has, at the level at which OpenSSL speaks it',
  (v) => {
    expect(load(`${PAIR}  min_version: ${v}\n`).context?.ciphers).toMatch(/:ECDHE-RSA-AES256-SHA:@SECLEVEL=0$/);
  },
);

it.each<[string, string, RegExp]>([
  [
    'the key of another',
    '  cert_file: server.crt\n  key_file: other.key\n',
    /:3:13: \S+key_file: expected the key of the cert/,
  ],
  ['no certificate', '  cert_file: server.key\n  key_file: server.key\n', /:2:14: \S+cert_file: .*found none/],
  [
    'a damaged one',
    '  cert_file: damaged.crt\n  key_file: server.key\n',
    /cert_file: expected certificates in PEM, .*damaged/,
  ],
  [
    'no key',
    '  cert_file: server.crt\n  key_file: server.crt\n',
    /key_file: expected a private key in PEM, found none that/,
  ],
  ['an encrypted key', '  cert_file: server.crt\n  key_file: locked.key\n', /key_file: .*found an encrypted key/],
  [
    'no such file',
    '  cert_file: gone.crt\n  key_file: server.key\n',
    /cert_file: expected a file in PEM; .*no such file/,
  ],
  [
    'a CA that is none',
    `${PAIR}  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.key\n`,
    /:5:\d+: \S+client_ca_file: expected at least one certificate/,
  ],
])('%s is refused, with its line', (_what, text, message) => {
  folder.write('damaged.crt', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
  folder.write('locked.key', '-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n');
  expect(() => load(text)).toThrow(ConfigError);
  expect(() => load(text)).toThrow(message);
});

it('the first certificate of the chain that ends counts; one that has ended is warned of', () => {
  const { tls, warnings } = load('  cert_file: ended.crt\n  key_file: ended.key\n');
  expect(tls?.expiresAt).toBeLessThan(Date.now());
  expect(warnings).toEqual([expect.stringMatching(/ended\.crt: the certificate expired on \d{4}-.*Z$/)]);
  folder.write('chain.crt', `${server.cert}${ca.cert}`);
  const chain = load('  cert_file: chain.crt\n  key_file: server.key\n');
  const [one, other] = ['server.crt', 'ca.crt'].map(
    (name) => load(`  cert_file: ${name}\n  key_file: ${name.replace('crt', 'key')}\n`).tls?.expiresAt ?? 0,
  );
  expect(chain.tls?.expiresAt).toBe(Math.min(one ?? 0, other ?? 0));
});

it('a key that everybody can read is warned of', () => {
  const key = folder.file('other.key');
  const warned = (mode: number) => {
    chmodSync(key, mode);
    return load('  cert_file: other.crt\n  key_file: other.key\n').warnings;
  };
  expect(warned(0o640)).toEqual([]);
  expect(warned(0o604)).toEqual([`${key}: everybody on this host can read the key; chmod o= ${key}`]);
});

it('a CA for clients without a self-signed certificate is warned of where it is asked: OpenSSL takes no client by it', () => {
  const middle = ca.issue('middle');
  const warned = (type: string, name: string) =>
    load(`${PAIR}  client_auth_type: ${type}\n  client_ca_file: ${name}\n`).warnings;
  const warning = `${middle.certFile}: none of its certificates is self-signed, so no client certificate is accepted; append the root that signed them`;
  for (const type of ['RequireAndVerifyClientCert', 'VerifyClientCertIfGiven']) {
    expect(warned(type, 'middle.crt')).toEqual([warning]);
    expect(warned(type, 'ca.crt')).toEqual([]);
  }
  folder.write('both.crt', `${middle.cert}${ca.cert}`);
  expect(warned('RequireAndVerifyClientCert', 'both.crt')).toEqual([]);
  expect(warned('RequireAnyClientCert', 'middle.crt')).not.toContain(warning);
});
