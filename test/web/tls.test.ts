// The cases of exporter-toolkit's own suite, and of its documentation, that need a server: real certificates, real handshakes.
import { createPrivateKey } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { connect as connectTcp } from 'node:net';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { hashSync } from 'bcryptjs';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { files } from '../../src/host/linux/files.ts';
import { CURVES, SUITES, TLS13_SUITES } from '../../src/web/config/ciphers.ts';
import type { Web } from '../../src/web/config/load-web-config.ts';
import { type ServeOptions, serve } from '../../src/web/serve.ts';
import { createWebSettings } from '../../src/web/settings.ts';
import { logSpy } from '../exporter/fixture.ts';
import { type Authority, type Certificate, createFolder, type Folder } from './certificates.ts';

let folder: Folder;
let ca: Authority;
let otherCa: Authority;
let client: Certificate;
beforeAll(() => {
  folder = createFolder();
  ca = folder.authority('ca');
  otherCa = folder.authority('other-ca');
  ca.issue('server', { key: 'rsa' });
  client = ca.issue('client', { san: 'DNS:one,URI:urn:scraper,IP:::1,email:a@b.example' });
});
afterAll(() => folder.remove());

/** PEM within the web config. */
const block = (key: string, pem: string) => `  ${key}: |\n    ${pem.trim().replaceAll('\n', '\n    ')}\n`;

const PAIR = 'tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n';
const MTLS = `${PAIR}  client_ca_file: ca.crt\n  client_auth_type: RequireAndVerifyClientCert\n`;

let count = 0;
/** A server with this web config; its clock is the test's. */
async function served(text: string, options: Partial<ServeOptions> = {}) {
  const name = `web-${count++}.yml`;
  folder.write(name, text);
  let now = 0;
  const log = logSpy();
  const settings = createWebSettings({ ...files, monotonic: () => now }, folder.file(name), log);
  const serving = await serve(
    [{ host: '127.0.0.1', port: 0 }],
    (request, response) => response.end(`${request.httpVersion} ${request.url}`),
    { settings, log, now: () => now, ...options },
  );
  onTestFinished(() => serving.close());
  const url = serving.urls[0] ?? '';
  return {
    url,
    port: Number(new URL(url.replace(/^https?/, 'http')).port),
    log,
    settings,
    rewrite: (changed: string) => folder.write(name, changed),
    later: (ms: number) => {
      now += ms;
    },
  };
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

function ask(url: string, options: RequestOptions = {}): Promise<Answer> {
  const request = url.startsWith('https') ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    request(url, { agent: false, ca: ca.cert, ...options }, (response) => {
      let body = '';
      response.on('data', (chunk) => (body += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body, headers: response.headers }));
    })
      .on('error', reject)
      .end();
  });
}

/** The socket after a handshake; rejects where there is none. */
function handshake(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', ca: ca.cert, ...options }, () => resolve(socket));
    socket.on('error', reject);
    onTestFinished(() => void socket.destroy());
  });
}

const status = async (url: string, options?: RequestOptions) => (await ask(url, options)).status;
const shown = ({ cert, key }: Certificate): RequestOptions => ({ cert, key });

describe('a server with a certificate', () => {
  it('is plain without a web config, and where the file is empty', async () => {
    const { url } = await served('');
    expect(url).toMatch(/^http:/);
    expect(await status(url)).toBe(200);
    await expect(ask(url.replace('http', 'https'))).rejects.toThrow();
  });

  it('speaks TLS, and nothing else', async () => {
    const { url } = await served(PAIR);
    expect(url).toMatch(/^https:/);
    expect(await status(url)).toBe(200);
    await expect(ask(url.replace('https', 'http'))).rejects.toThrow();
    await expect(ask(url, { ca: otherCa.cert })).rejects.toThrow(/certificate|verify/);
  });

  it.each([
    ['cert', 'key'],
    ['cert_file', 'key'],
    ['cert', 'key_file'],
  ])('takes %s and %s', async (certKey, keyKey) => {
    const { cert, key } = ca.issue('inline');
    const said = (name: string, pem: string, file: string) =>
      name.endsWith('_file') ? `  ${name}: ${file}\n` : block(name, pem);
    const { url } = await served(
      `tls_server_config:\n${said(certKey, cert, 'inline.crt')}${said(keyKey, key, 'inline.key')}`,
    );
    expect(await status(url)).toBe(200);
  });

  it('takes the files where the web config has both', async () => {
    const { cert, key } = otherCa.issue('unused');
    const { url } = await served(`${PAIR}${block('cert', cert)}${block('key', key)}`);
    expect(await status(url)).toBe(200);
  });

  it('takes one file with certificate, chain and key', async () => {
    const { cert, key } = ca.issue('bundled');
    folder.write('bundle.pem', `A comment\n${cert}${ca.cert}${key}`);
    const { url } = await served('tls_server_config:\n  cert_file: bundle.pem\n  key_file: bundle.pem\n');
    expect(await status(url)).toBe(200);
  });

  it.each(['ec', 'ed25519'] as const)('takes a key of %s', async (key) => {
    ca.issue(key, { key });
    const { port } = await served(`tls_server_config:\n  cert_file: ${key}.crt\n  key_file: ${key}.key\n`);
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      expect((await handshake(port, { maxVersion })).getProtocol()).toBe(maxVersion);
    }
  });

  it('speaks TLS 1.2 and 1.3 at presets, not 1.1', async () => {
    const { port } = await served(PAIR);
    expect((await handshake(port)).getProtocol()).toBe('TLSv1.3');
    expect((await handshake(port, { maxVersion: 'TLSv1.2' })).getProtocol()).toBe('TLSv1.2');
    const cbc = { ciphers: 'ECDHE-RSA-AES256-SHA', maxVersion: 'TLSv1.2' } as const;
    await expect(handshake(port, cbc)).rejects.toThrow();
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    await expect(handshake(port, old)).rejects.toThrow();
  });

  it('speaks TLS 1.1 where the file says so', async () => {
    const { port } = await served(
      `${PAIR}  min_version: TLS10\n  max_version: TLS11\nhttp_server_config:\n  http2: false\n`,
    );
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    expect((await handshake(port, old)).getProtocol()).toBe('TLSv1.1');
    await expect(handshake(port)).rejects.toThrow();
  });

  const SOME = `${PAIR}  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384]
  max_version: TLS12\n`;
  const BOTH = 'ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256';

  it('speaks the cipher suites of the file, in their order', async () => {
    const { port } = await served(SOME);
    expect((await handshake(port, { ciphers: BOTH })).getCipher().name).toBe('ECDHE-RSA-AES128-GCM-SHA256');
    await expect(handshake(port, { ciphers: 'ECDHE-RSA-AES256-SHA', maxVersion: 'TLSv1.2' })).rejects.toThrow();
  });

  it("takes the client's order where the file does not prefer its own", async () => {
    const { port } = await served(`${SOME}  prefer_server_cipher_suites: false\n`);
    expect((await handshake(port, { ciphers: BOTH })).getCipher().name).toBe('ECDHE-RSA-AES256-GCM-SHA384');
  });

  it.each(['rsa', 'ec'] as const)('speaks each cipher suite of the documentation with a key of %s', async (key) => {
    ca.issue(`suites-${key}`, { key });
    const pair = `tls_server_config:\n  cert_file: suites-${key}.crt\n  key_file: suites-${key}.key\n`;
    const { port } = await served(`${pair}  cipher_suites: [${[...SUITES.keys(), ...TLS13_SUITES]}]\n`);
    const fit = [...SUITES].filter(([name]) => name.startsWith(key === 'rsa' ? 'TLS_ECDHE_RSA' : 'TLS_ECDHE_ECDSA'));
    expect(fit.length).toBe(5);
    for (const [, ciphers] of fit) {
      expect((await handshake(port, { ciphers, maxVersion: 'TLSv1.2' })).getCipher().name).toBe(ciphers);
    }
    for (const ciphers of TLS13_SUITES) expect((await handshake(port, { ciphers })).getCipher().name).toBe(ciphers);
  });

  it('speaks TLS 1.3 alone where the file names suites of TLS 1.3 alone', async () => {
    const { port } = await served(
      `${PAIR}  cipher_suites: [TLS_AES_128_GCM_SHA256]\nhttp_server_config: {http2: false}\n`,
    );
    expect((await handshake(port)).getProtocol()).toBe('TLSv1.3');
    await expect(handshake(port, { maxVersion: 'TLSv1.2' })).rejects.toThrow();
  });

  it('speaks suites that HTTP/2 may not use where it is off', async () => {
    const { url, port } = await served(
      `${PAIR}  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384]\n  max_version: TLS12\nhttp_server_config:\n  http2: false\n`,
    );
    expect(await status(url)).toBe(200);
    expect((await handshake(port)).getCipher().name).toBe('ECDHE-RSA-AES256-GCM-SHA384');
  });

  it('speaks each curve of the documentation, and those alone', async () => {
    const { port } = await served(`${PAIR}  curve_preferences: [${[...CURVES.keys()]}]\n  min_version: TLS13\n`);
    for (const ecdhCurve of CURVES.values()) expect(await handshake(port, { ecdhCurve })).toBeDefined();
    await expect(handshake(port, { ecdhCurve: 'X448' })).rejects.toThrow();
  });

  it('speaks the curves of the file', async () => {
    const { port } = await served(`${PAIR}  curve_preferences: [CurveP521]\n  min_version: TLS13\n`);
    expect(await handshake(port, { ecdhCurve: 'P-521' })).toBeDefined();
    await expect(handshake(port, { ecdhCurve: 'P-384' })).rejects.toThrow();
  });

  it('speaks HTTP/2, unless the file says no', async () => {
    const negotiated = async (text: string) =>
      (await handshake((await served(text)).port, { ALPNProtocols: ['h2', 'http/1.1'] })).alpnProtocol;
    expect(await negotiated(PAIR)).toBe('h2');
    expect(await negotiated(`${PAIR}http_server_config:\n  http2: false\n`)).toBe('http/1.1');
  });

  it('answers over HTTP/2, and bounds what one client asks at once', async () => {
    const { url } = await served(PAIR);
    const session = connectHttp2(url, { ca: ca.cert });
    onTestFinished(() => session.destroy());
    const answer = (path: string) =>
      new Promise<string>((resolve, reject) => {
        let body = '';
        session
          .request({ ':path': path })
          .setEncoding('utf8')
          .on('data', (chunk) => (body += chunk))
          .on('end', () => resolve(body))
          .on('error', reject);
      });
    await new Promise((resolve) => session.once('remoteSettings', resolve));
    const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => answer(`/${i}`)));
    expect(answers.every((body, i) => body === `2.0 /${i}`)).toBe(true);
    expect(session.remoteSettings.maxConcurrentStreams).toBe(16);
  });
});

describe('passwords with TLS', () => {
  const users = `${PAIR}basic_auth_users:\n  carol: ${hashSync('carol123', 4)}\n  dave: ${hashSync('dave123', 5)}\n`;

  it.each([
    ['carol:carol123', 200],
    ['dave:dave123', 200],
    ['dave:bad', 401],
    ['carol:dave123', 401],
    ['nobody:nobody', 401],
    ['dave:', 401],
    [undefined, 401],
  ])('%s: %d', async (auth, code) => {
    const { url } = await served(users);
    expect(await status(url, auth === undefined ? {} : { auth })).toBe(code);
  });

  it('over HTTP/2 too', async () => {
    const { url } = await served(users);
    const session = connectHttp2(url, { ca: ca.cert });
    onTestFinished(() => session.destroy());
    const answered = (headers: Record<string, string>) =>
      new Promise((resolve, reject) => {
        const stream = session.request({ ':path': '/', ...headers });
        stream.on('response', (answer) => resolve([answer[':status'], answer['www-authenticate']])).on('error', reject);
      });
    const authorization = `Basic ${Buffer.from('dave:dave123').toString('base64')}`;
    expect(await answered({ authorization })).toEqual([200, undefined]);
    expect(await answered({})).toEqual([401, expect.stringMatching(/^Basic /)]);
  });
});

describe('what is wrong with the files is told with the line', () => {
  const refusal = (text: string) => {
    folder.write('bad.yml', text);
    try {
      createWebSettings(files, folder.file('bad.yml'), logSpy());
    } catch (error) {
      return (error as Error).message;
    }
    return 'nothing';
  };
  const pair = (cert: string, key: string) => `tls_server_config:\n  cert_file: ${cert}\n  key_file: ${key}\n`;

  it('a file that is not there, a folder, one that is no certificate or no key', () => {
    expect(refusal(pair('none', 'server.key'))).toMatch(
      /bad\.yml:2:14: tls_server_config\.cert_file: .*none: no such file/,
    );
    expect(refusal(pair('server.crt', 'none'))).toMatch(
      /bad\.yml:3:13: tls_server_config\.key_file: .*none: no such file/,
    );
    expect(refusal(pair('.', 'server.key'))).toContain('not a regular file');
    expect(refusal(pair('server.key', 'server.key'))).toContain('expected at least one certificate in PEM');
    expect(refusal(pair('server.crt', 'server.crt'))).toContain('expected a private key in PEM');
    expect(refusal(`${PAIR}  client_ca_file: none\n  client_auth_type: RequireAndVerifyClientCert\n`)).toMatch(
      /:4:\d+: .*none/,
    );
    expect(refusal(`${PAIR}  client_ca_file: server.key\n  client_auth_type: RequireAndVerifyClientCert\n`)).toMatch(
      /:4:/,
    );
  });

  it('the key of another certificate', () => {
    expect(refusal(pair('server.crt', 'client.key'))).toMatch(/:3:13: .*found the key of another/);
  });

  it('the web config itself is not there', () => {
    expect(() => createWebSettings(files, folder.file('nowhere.yml'), logSpy())).toThrow(/nowhere\.yml: no such file/);
  });

  it('a certificate that has ended is served, and warned about', async () => {
    ca.issue('ended', { days: -1 });
    const { log } = await served(pair('ended.crt', 'ended.key'));
    expect(log.warn.mock.calls.flat()).toContainEqual({ problem: expect.stringContaining('the certificate expired') });
  });

  it('a key with a password', () => {
    const privateKey = createPrivateKey(ca.issue('locked').key);
    const options = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' } as const;
    folder.write('locked.key', privateKey.export(options).toString());
    expect(refusal(pair('locked.crt', 'locked.key'))).toMatch(/:3:13: .*found an encrypted key/);
  });

  it('PEM in the web config, with the line of its key', () => {
    expect(refusal('tls_server_config:\n  cert: CERT\n  key: KEY\n')).toMatch(
      /bad\.yml:2:9: tls_server_config\.cert: /,
    );
    expect(refusal(`tls_server_config:\n  cert_file: server.crt\n  key: KEY\n`)).toMatch(
      /bad\.yml:3:8: tls_server_config\.key: expected a private key in PEM/,
    );
  });

  it('a key that everybody can read is warned about', async () => {
    folder.write('open.key', ca.issue('open').key);
    const { chmodSync } = await import('node:fs');
    chmodSync(folder.file('open.key'), 0o644);
    const { log } = await served(pair('open.crt', 'open.key'));
    expect(log.warn.mock.calls.flat()).toContainEqual({
      problem: expect.stringContaining('everybody on this host can read the key'),
    });
  });
});

describe('client certificates', () => {
  const policy = (type: string, more = '') => `${PAIR}  client_ca_file: ca.crt\n  client_auth_type: ${type}\n${more}`;
  const stranger = () => otherCa.issue('stranger', { san: 'DNS:one' });

  it.each([
    ['RequestClientCert', [true, true, true]],
    ['RequireAnyClientCert', [false, true, true]],
    ['RequireClientCert', [false, true, true]],
    ['VerifyClientCertIfGiven', [true, false, true]],
    ['RequireAndVerifyClientCert', [false, false, true]],
  ] as const)('%s: without, with a foreign, with a good certificate: %j', async (type, letIn) => {
    const { url } = await served(policy(type));
    const tries = [{}, shown(stranger()), shown(client)].map((options) =>
      status(url, options).then(
        (code) => code === 200,
        () => false,
      ),
    );
    expect(await Promise.all(tries)).toEqual(letIn);
  });

  it('a CA that stands in the web config itself counts as its file does', async () => {
    const { url } = await served(
      `${PAIR}${block('client_ca', ca.cert)}  client_auth_type: RequireAndVerifyClientCert\n`,
    );
    expect(await status(url, shown(client))).toBe(200);
    await expect(ask(url, shown(stranger()))).rejects.toThrow();
    const both = await served(`${MTLS}${block('client_ca', otherCa.cert)}`);
    expect(await status(both.url, shown(client))).toBe(200);
  });

  it.each([
    ['a CA as well', []],
    ['no CA', ['-addext', 'basicConstraints=critical,CA:FALSE']],
    ['for clients alone', ['-addext', 'extendedKeyUsage=clientAuth', '-addext', 'keyUsage=digitalSignature']],
  ])('a certificate that signed itself, %s, is let in where it is the CA', async (_name, lines) => {
    const own = folder.selfSigned('own', '-addext', 'subjectAltName=DNS:one,DNS:two', ...lines);
    const own2 = folder.selfSigned('own2', ...lines);
    const text = `${PAIR}  client_ca_file: own.crt\n  client_auth_type: RequireAndVerifyClientCert\n`;
    const { url } = await served(`${text}  client_allowed_sans: [test3, two]\n`);
    expect(await status(url, shown(own))).toBe(200);
    await expect(ask(url, shown(own2))).rejects.toThrow();
    const named = await served(`${text}  client_allowed_sans: [bad]\n`);
    await expect(ask(named.url, shown(own))).rejects.toThrow();
  });

  it('an empty list of names lets nobody in', async () => {
    const { url } = await served(`${MTLS}  client_allowed_sans: []\n`);
    await expect(ask(url, shown(client))).rejects.toThrow();
  });

  it('a certificate that has ended is not let in', async () => {
    const { url } = await served(MTLS);
    await expect(ask(url, shown(ca.issue('late', { days: -1 })))).rejects.toThrow();
  });

  it('without a CA nobody is let in', async () => {
    const { url } = await served(`${PAIR}  client_auth_type: RequireAndVerifyClientCert\n`);
    await expect(ask(url, shown(client))).rejects.toThrow();
  });

  it.each(['one', 'urn:scraper', '::1', 'a@b.example'])('the name %s is found in the certificate', async (name) => {
    const { url } = await served(`${MTLS}  client_allowed_sans: [two, "${name}"]\n`);
    expect(await status(url, shown(client))).toBe(200);
  });

  it('a certificate for an address with a zone is not let in, and the next client is served', async () => {
    const { url } = await served(policy('RequireAnyClientCert', '  client_allowed_sans: [one]\n'));
    const zone = otherCa.issue('zone', { san: 'DNS:fe80::1%eth0' });
    await expect(ask(url, shown(zone))).rejects.toThrow();
    expect(await status(url, shown(client))).toBe(200);
  });

  it('a certificate that cannot be judged is not let in, and warned about', async () => {
    const { settings } = await served(policy('RequireAnyClientCert'));
    const web = settings.current();
    const broken = Object.defineProperty({ ...web.tls }, 'clientAllowedSans', {
      get: () => {
        throw new Error('no judge');
      },
    });
    const { url, log } = await served('', {
      settings: { ...settings, current: () => ({ ...web, tls: broken }) as Web },
    });
    await expect(ask(url, shown(client))).rejects.toThrow();
    expect(log.warn.mock.calls).toEqual([
      [{ address: '127.0.0.1', problem: 'no judge' }, 'client certificate cannot be judged, not let in'],
    ]);
  });

  it('another name is not let in', async () => {
    const { url } = await served(`${MTLS}  client_allowed_sans: [On, one., client]\n`);
    await expect(ask(url, shown(client))).rejects.toThrow();
  });

  it('over HTTP/2 it is the same', async () => {
    const { url } = await served(`${MTLS}  client_allowed_sans: [two]\n`);
    const session = connectHttp2(url, { ca: ca.cert, ...shown(client) } as never);
    await expect(
      new Promise((resolve, reject) => {
        session.on('error', reject).on('close', () => reject(new Error('closed')));
        session.request({ ':path': '/' }).on('response', resolve).on('error', reject);
      }),
    ).rejects.toThrow();
  });
});

describe('reading it again', () => {
  it('from nobody let in to everybody, and back', async () => {
    const server = await served(`${PAIR}  client_auth_type: RequireAndVerifyClientCert\n`);
    await expect(ask(server.url)).rejects.toThrow();
    server.rewrite(PAIR);
    await expect(ask(server.url)).rejects.toThrow();
    server.later(1000);
    expect(await status(server.url)).toBe(200);
    server.rewrite(MTLS);
    server.later(1000);
    await expect(ask(server.url)).rejects.toThrow();
    expect(await status(server.url, shown(client))).toBe(200);
  });

  it('a bad one is refused and told, and the last good one stays until there is a good one', async () => {
    const server = await served(PAIR);
    server.rewrite(`${PAIR}  min_version: SSL3\n`);
    server.later(1000);
    expect(await status(server.url)).toBe(200);
    expect(server.settings.facts()?.lastReloadOk).toBe(false);
    expect(server.log.error.mock.calls.flat()).toContainEqual({ problem: expect.stringContaining('min_version') });
    server.rewrite(PAIR);
    server.later(1000);
    expect(server.settings.facts()?.lastReloadOk).toBe(true);
  });

  it('a file that is emptied, as while it is saved, opens the door to nobody', async () => {
    const server = await served(`${PAIR}basic_auth_users:\n  dave: ${hashSync('dave123', 4)}\n`);
    server.rewrite('');
    server.later(1000);
    expect(await status(server.url)).toBe(401);
    expect(server.settings.facts()?.lastReloadOk).toBe(false);
    server.rewrite(PAIR);
    server.later(1000);
    expect(await status(server.url)).toBe(200);
    expect(server.settings.facts()?.lastReloadOk).toBe(true);
  });

  it.each(['hWkNKCp3fvIx\nTuEjdwNS8A2v\n', `${PAIR}  cert_filse: a\n`, `${PAIR}basic_auth_users: {a: b}\n`])(
    'the last good one stays in force after %j',
    async (text) => {
      const server = await served(PAIR);
      server.rewrite(text);
      server.later(1000);
      expect(await status(server.url)).toBe(200);
      expect(server.settings.facts()?.lastReloadOk).toBe(false);
    },
  );

  it('a certificate that is renewed is shown to the next client, and who is connected is asked to come again', async () => {
    const first = ca.issue('renewed');
    const pair = 'tls_server_config:\n  cert_file: renewed.crt\n  key_file: renewed.key\n';
    const server = await served(pair);
    const before = await handshake(server.port);
    const serial = (socket: TLSSocket) => socket.getPeerX509Certificate()?.serialNumber;
    const second = ca.issue('renewed');
    // As it is halfway: the new certificate with the old key.
    folder.write('renewed.key', first.key);
    server.later(1000);
    expect(serial(await handshake(server.port))).toBe(serial(before));
    expect(server.settings.facts()?.lastReloadOk).toBe(false);
    folder.write('renewed.key', second.key);
    server.later(1000);
    expect(serial(await handshake(server.port))).not.toBe(serial(before));
    expect(server.settings.facts()?.lastReloadOk).toBe(true);
    let text = '';
    before.on('data', (chunk) => (text += chunk));
    before.write('GET /again HTTP/1.1\r\nHost: a\r\n\r\n');
    await expect.poll(() => text).toMatch(/200 OK[\s\S]*connection: close/i);
  });

  it('who came in by a CA that is trusted no more is let go with the next answer, though nobody else connects', async () => {
    const server = await served(MTLS);
    const held = await handshake(server.port, shown(client) as ConnectionOptions);
    let text = '';
    held.on('data', (chunk) => (text += chunk));
    const ended = new Promise((resolve) => held.once('end', resolve));
    held.write('GET /first HTTP/1.1\r\nHost: a\r\n\r\n');
    await expect.poll(() => text).toMatch(/connection: keep-alive[\s\S]*first/i);
    server.rewrite(MTLS.replace('ca.crt', 'other-ca.crt'));
    server.later(1000);
    held.write('GET /again HTTP/1.1\r\nHost: a\r\n\r\n');
    await ended;
    expect(text).toMatch(/connection: close[\s\S]*again/i);
    await expect(ask(server.url, shown(client))).rejects.toThrow();
  });

  it('over HTTP/2 too, the next answer is the last', async () => {
    const server = await served(MTLS);
    const session = connectHttp2(server.url, { ca: ca.cert, ...shown(client) } as never);
    onTestFinished(() => session.destroy());
    const answered = () =>
      new Promise((resolve, reject) => {
        const stream = session.request({ ':path': '/' });
        stream.on('response', (answer) => resolve(answer[':status'])).on('error', reject);
        stream.resume();
      });
    const closed = new Promise<string>((resolve) => session.once('close', () => resolve('closed')));
    expect(await answered()).toBe(200);
    server.rewrite(MTLS.replace('ca.crt', 'other-ca.crt'));
    server.later(1000);
    expect(await answered()).toBe(200);
    expect(await closed).toBe('closed');
  });

  it('says when the certificate ends', async () => {
    const { settings } = await served(PAIR);
    const days = ((settings.facts()?.certificateExpiresAt ?? 0) - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(29);
    expect(days).toBeLessThan(31);
  });
});

describe('clients that mean no good', () => {
  it('a crowd that never begins its handshake keeps nobody out', async () => {
    const { url, port } = await served(PAIR, { maxConnections: 8 });
    const crowd = Array.from({ length: 8 }, () => connectTcp(port, '127.0.0.1').on('error', () => undefined));
    await Promise.all(crowd.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
    expect(await status(url)).toBe(200);
    for (const socket of crowd) socket.destroy();
  });

  it('headers that are too large are refused', async () => {
    const { url } = await served(PAIR);
    expect(await status(url, { headers: { a: 'x'.repeat(20_000) } })).toBe(431);
  });
});
