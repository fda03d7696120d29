// The cases of exporter-toolkit's own suite that are about the text of the file, and what its documentation says beside them.
import { describe, expect, it, test } from 'vitest';
import { ConfigError } from '../../../src/config/problem.ts';
import { CURVES, SUITES, UNSAFE_SUITES } from '../../../src/web/config/ciphers.ts';
import { CLIENT_AUTH, NO_WEB_CONFIG, parseWebConfig } from '../../../src/web/config/web-config.ts';

const FILE = '/etc/web/web.yml';
const PAIR = '  cert_file: server.crt\n  key_file: server.key\n';
const HASH = `$2y$10$${'a'.repeat(53)}`;

const parse = (text: string) => parseWebConfig(text, FILE);
const config = (text: string) => parse(text).config;
const tls = (more = '') => config(`tls_server_config:\n${PAIR}${more}`).tls;

/** The message, one problem a line. */
function refused(text: string): string {
  try {
    parse(text);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message;
  }
  throw new Error(`expected to be refused:\n${text}`);
}

describe('what says nothing', () => {
  test.each([
    '',
    '# only a comment\n',
    'tls_server_config:\n',
    'tls_server_config: {}\nhttp_server_config: {}\nbasic_auth_users: {}\nrate_limit: {}\n',
    'basic_auth_users:\nhttp_server_config:\n  headers:\nrate_limit:\n  interval: 0\n  burst: 0\n',
  ])('%j is plain HTTP for everybody', (text) => {
    expect(config(text)).toEqual(NO_WEB_CONFIG);
  });
});

describe('what is no web config', () => {
  it.each([
    ['junk', 'hWkNKCp3fvIx\nTuEjdwNS8A2v\n', /web\.yml:1:1: expected a mapping/],
    [
      'an unknown key',
      'tls_server_config:\n  cert_filse: a\n',
      /web\.yml:2:3: tls_server_config\.cert_filse: unknown key; did you mean cert_file\?/,
    ],
    [
      'a key that stands twice',
      'rate_limit:\n  burst: 1\n  burst: 2\n',
      /web\.yml:3:3: rate_limit\.burst: this key stands twice/,
    ],
    ['broken YAML', 'tls_server_config: [\n', /not valid YAML/],
    ['a list for a section', 'tls_server_config: []\n', /tls_server_config: expected a mapping/],
  ])('%s', (_name, text, message) => {
    expect(refused(text)).toMatch(message);
  });
});

describe('certificate and key', () => {
  it('are files, relative to the web config', () => {
    expect(tls('  client_ca_file: /ca.pem\n  client_auth_type: RequireAndVerifyClientCert\n')).toMatchObject({
      certificate: { path: '/etc/web/server.crt' },
      privateKey: { path: '/etc/web/server.key' },
      clientCa: { path: '/ca.pem' },
    });
  });

  it('may stand in the file; where both do, the file of their own wins', () => {
    const inline = config('tls_server_config:\n  cert: |\n    CERT\n  key: KEY\n').tls;
    expect([inline?.certificate, inline?.privateKey]).toMatchObject([{ pem: 'CERT\n' }, { pem: 'KEY' }]);
    expect(tls('  cert: CERT\n  key: KEY\n')).toMatchObject({
      certificate: { path: '/etc/web/server.crt' },
      privateKey: { path: '/etc/web/server.key' },
    });
  });

  it.each([
    ['cert_file: ""\n  key_file: server.key', 'missing one of cert or cert_file'],
    ['cert: ""\n  key_file: server.key', 'missing one of cert or cert_file'],
    ['cert_file: server.crt\n  key_file: ""', 'missing one of key or key_file'],
    ['cert_file: server.crt\n  key: ""', 'missing one of key or key_file'],
    ['client_auth_type: RequireAnyClientCert', 'missing one of cert or cert_file'],
    ['min_version: TLS13', 'missing one of cert or cert_file'],
    ['max_version: TLS12', 'missing one of cert or cert_file'],
    ['prefer_server_cipher_suites: false', 'missing one of cert or cert_file'],
  ])('%j lacks one', (text, message) => {
    expect(refused(`tls_server_config:\n  ${text}\n`)).toContain(message);
  });

  it('a key is never shown', () => {
    const message = refused('tls_server_config:\n  cert_file: a\n  key: [SECRET]\n');
    expect(message).toContain('tls_server_config.key');
    expect(message).not.toContain('SECRET');
  });
});

describe('client certificates', () => {
  it('are not asked for unless the file says so', () => {
    expect(tls()?.clientAuth).toBe('NoClientCert');
    expect(tls('  client_auth_type: ""\n')?.clientAuth).toBe('NoClientCert');
  });

  it.each(CLIENT_AUTH)('%s is known', (name) => {
    expect(tls(`  client_auth_type: ${name}\n`)?.clientAuth).toBe(name);
  });

  it('RequireClientCert is another word for RequireAnyClientCert', () => {
    expect(tls('  client_auth_type: RequireClientCert\n')?.clientAuth).toBe('RequireAnyClientCert');
  });

  it('another word is refused, with its line', () => {
    expect(refused(`tls_server_config:\n${PAIR}  client_auth_type: RequireAndVerifyClientCerts\n`)).toMatch(
      /web\.yml:4:21: tls_server_config\.client_auth_type: expected one of .*did you mean RequireAndVerifyClientCert\?/,
    );
  });

  it.each(['client_ca_file: ca.pem', 'client_ca: CA'])('%s without a policy is refused', (ca) => {
    expect(refused(`tls_server_config:\n${PAIR}  ${ca}\n`)).toMatch(
      new RegExp(
        `web\\.yml:4:\\d+: tls_server_config\\.${ca.split(':')[0]}: a CA for clients without client_auth_type`,
      ),
    );
  });

  it.each(['NoClientCert', 'RequestClientCert', 'VerifyClientCertIfGiven'])(
    'allowed names are refused where %s makes the certificate optional',
    (policy) => {
      const text = `tls_server_config:\n${PAIR}  client_auth_type: ${policy}\n  client_allowed_sans: [a]\n`;
      expect(refused(text)).toContain(`found ${policy}`);
    },
  );

  it('allowed names go with a certificate that is needed', () => {
    const sans =
      '  client_auth_type: RequireAndVerifyClientCert\n  client_allowed_sans: [one, 7]\n  client_ca_file: ca.pem\n';
    expect(tls(sans)?.clientAllowedSans).toEqual(['one', '7']);
  });

  it('a policy that lets nobody in, or anybody, is told', () => {
    const warnings = (policy: string) => parse(`tls_server_config:\n${PAIR}  client_auth_type: ${policy}\n`).warnings;
    expect(warnings('RequireAndVerifyClientCert').join()).toContain('no client is let in');
    expect(warnings('RequireAnyClientCert').join()).toContain('lets anybody in');
    expect(warnings('NoClientCert')).toEqual([]);
  });
});

describe('versions, ciphers, curves', () => {
  it('the presets are TLS 1.2 and 1.3, with the suites that are safe', () => {
    expect(tls()).toMatchObject({
      minVersion: 'TLS12',
      maxVersion: 'TLS13',
      preferServerCipherSuites: true,
      cipherSuites: undefined,
      curves: undefined,
    });
  });

  it('every suite and curve of the documentation is known, in the order of the file', () => {
    const suites = [...SUITES.keys()].toReversed();
    const curves = [...CURVES.keys()];
    const text = `  cipher_suites: [${suites}, TLS_AES_128_GCM_SHA256]\n  curve_preferences: [${curves}]\n`;
    expect(tls(text)).toMatchObject({
      cipherSuites: [...suites, 'TLS_AES_128_GCM_SHA256'],
      curves: ['P-256', 'P-384', 'P-521', 'X25519'],
    });
  });

  it.each([
    ['min_version: TLS111', 'min_version: expected one of TLS10, TLS11, TLS12, TLS13; found "TLS111"'],
    ['min_version: TLS13\n  max_version: TLS12', 'expected no newer version than max_version (TLS12), found TLS13'],
    ['cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA2048]', 'found "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA2048"'],
    ['curve_preferences: [CurveP257]', 'found "CurveP257"'],
    ['prefer_server_cipher_suites: maybe', 'expected true or false'],
  ])('%s is refused', (text, message) => {
    expect(refused(`tls_server_config:\n${PAIR}  ${text}\n`)).toContain(message);
  });

  it.each([...UNSAFE_SUITES])('%s is refused as not safe', (name) => {
    expect(refused(`tls_server_config:\n${PAIR}  cipher_suites: [${name}]\n`)).toContain('not safe');
  });

  it('HTTP/2 over TLS 1.2 needs a suite that it may use', () => {
    const suites = '  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384]\n  max_version: TLS12\n';
    expect(refused(`tls_server_config:\n${PAIR}${suites}`)).toMatch(/web\.yml:4:\d+: .*cipher_suites: HTTP\/2 needs/);
    const without = config(`tls_server_config:\n${PAIR}${suites}http_server_config:\n  http2: no\n`);
    expect(without).toMatchObject({ http2: false, tls: { maxVersion: 'TLS12' } });
  });
});

describe('headers', () => {
  it('are the five that the format allows; a blank one is left out, a number is text', () => {
    const text = `http_server_config:
  headers:
    X-Frame-Options: deny
    Strict-Transport-Security: max-age=31536000; includeSubDomains
    X-Content-Type-Options: ""
    X-XSS-Protection: 1
    Content-Security-Policy: "default-src 'self'"
`;
    expect(config(text).headers).toEqual({
      'X-Frame-Options': 'deny',
      'Strict-Transport-Security': 'max-age=31536000; includeSubDomains',
      'X-XSS-Protection': '1',
      'Content-Security-Policy': "default-src 'self'",
    });
  });

  it.each([
    ['X-Content-Type-Options: sniff', 'nosniff; found "sniff"'],
    ['X-Frame-Options: foo', 'deny, sameorigin; found "foo"'],
    ['Content-Type: foo', 'headers.Content-Type: unknown key'],
    ['X-XSS-Protection: "1\\r\\nSet-Cookie: a"', 'expected one line of printable text'],
  ])('%s is refused', (line, message) => {
    expect(refused(`http_server_config:\n  headers:\n    ${line}\n`)).toContain(message);
  });
});

describe('users', () => {
  it('have bcrypt hashes of any version and cost, with and without TLS', () => {
    const hashes = ['$2a$04$', '$2b$12$', '$2y$31$'].map((start) => start + 'a'.repeat(53));
    const { users, tls } = config(`basic_auth_users:\n${hashes.map((hash, i) => `  u${i}: ${hash}\n`).join('')}`);
    expect([...users.values()]).toEqual(hashes);
    expect(tls).toBeUndefined();
    expect([...config(`basic_auth_users:\n  007: ${HASH}\n`).users.keys()]).toEqual(['007']);
  });

  it.each(['doe', `${HASH}a`, HASH.slice(0, -1), HASH.replace('$10$', '$03$'), HASH.replace('$10$', '$32$'), '""'])(
    '%s is no hash, and is not shown',
    (hash) => {
      const message = refused(`basic_auth_users:\n  john: ${hash}\n`);
      expect(message).toMatch(/web\.yml:2:9: basic_auth_users\.john: expected a bcrypt hash/);
      if (hash !== '""') expect(message).not.toContain(hash);
    },
  );
});

describe('the rate limit', () => {
  it.each([
    ['1s', 1000],
    ['1m30s', 90_000],
    ['1.5s', 1500],
    ['100ms', 100],
    ['250us', 0.25],
    ['1000000', 1],
  ])('an interval of %s is %d ms', (interval, ms) => {
    const limit = config(`rate_limit:\n  interval: ${interval}\n  burst: 3\n`).rateLimit;
    expect(limit?.burst).toBe(3);
    expect(limit?.intervalMs).toBeCloseTo(ms, 9);
  });

  it('a burst of 0 refuses every request, which is told', () => {
    const { config: read, warnings } = parse('rate_limit:\n  interval: "1s"\n  burst: 0\n');
    expect(read.rateLimit).toEqual({ intervalMs: 1000, burst: 0 });
    expect(warnings.join()).toContain('every request is refused');
  });

  it.each(['-1s', 'soon', '5 s', '1.s.5'])('an interval of %s is refused', (text) => {
    expect(refused(`rate_limit:\n  interval: "${text}"\n  burst: 1\n`)).toContain(
      'rate_limit.interval: expected a duration',
    );
  });

  it.each(['-1', '1.5', 'many'])('a burst of %s is refused', (text) => {
    expect(refused(`rate_limit:\n  interval: 1s\n  burst: ${text}\n`)).toContain(
      'rate_limit.burst: expected an integer',
    );
  });
});

it('all problems are told at once, each with its line', () => {
  const text = `tls_server_config:\n${PAIR}  min_version: SSL3\nbasic_auth_users:\n  a: b\nrate_limit:\n  burst: x\n`;
  expect(refused(text).match(/web\.yml:\d+/g)).toEqual(['web.yml:4', 'web.yml:6', 'web.yml:8']);
});

it('a key can be found again, for problems that show later', () => {
  const { place } = parse(`tls_server_config:\n${PAIR}`);
  expect(place(['tls_server_config', 'key_file'])).toMatchObject({ line: 3 });
  expect(place(['tls_server_config', 'client_ca_file'])).toMatchObject({ line: 2 });
});
