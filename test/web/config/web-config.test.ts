// The cases of exporter-toolkit's own suite that are about the text of the file, and what its documentation says beside them.
import { getCiphers } from 'node:tls';
import { describe, expect, it, test } from 'vitest';
import { ConfigError } from '../../../src/config/problem.ts';
import { CURVES, SUITES, UNSAFE_SUITES } from '../../../src/web/config/ciphers.ts';
import { NO_WEB_CONFIG, parseWebConfig } from '../../../src/web/config/web-config.ts';
import { CLIENT_AUTH } from '../../../src/web/config/web-config-schema.ts';

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
    '---\n',
    '# a\n---\n# b\n...\n',
    '~\n',
    'null\n',
    '{}\n',
    '\ufeff\r\n  \r\n',
    'tls_server_config: {cert_file: ~, key: "", client_auth_type: "", client_allowed_sans: ~}\n',
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
    ['a list', '[]\n', /web\.yml:1:1: expected a mapping/],
    [
      'a section that stands twice',
      'rate_limit: {}\nrate_limit: {}\n',
      /web\.yml:2:1: rate_limit: this key stands twice/,
    ],
    [
      'a user who stands twice',
      `basic_auth_users:\n  a: ${HASH}\n  "a": ${HASH}\n`,
      /:3:3: basic_auth_users\.a: .*twice/,
    ],
    ['a second document', 'rate_limit: {}\n---\nrate_limit: {}\n', /web\.yml:2:1: a second document begins here/],
    ['tabs', 'tls_server_config:\n\tcert_file: a\n', /web\.yml:2:1: not valid YAML/],
    ['other bytes than UTF-8', 'rate_limit: {} # \ufffd\n', /web\.yml:1:18: expected text in UTF-8/],
  ])('%s', (_name, text, message) => {
    expect(refused(text)).toMatch(message);
  });
});

it.each([
  ['', 'TLS_server_config', 'did you mean tls_server_config'],
  ['', 'cert_file', 'known here'],
  ['tls_server_config', 'insecure_skip_verify', 'known here'],
  ['http_server_config', 'http3', 'did you mean http2'],
  ['http_server_config.headers', 'x-frame-options', 'did you mean X-Frame-Options'],
  ['rate_limit', 'bursts', 'did you mean burst'],
])('in %j the key %s is unknown', (section, key, hint) => {
  const keys = section.split('.').filter((part) => part !== '');
  const text = [...keys, key].map((part, depth) => `${'  '.repeat(depth)}${part}:`).join('\n');
  const at = `web.yml:${keys.length + 1}:${2 * keys.length + 1}: ${[...keys, key].join('.')}: unknown key; `;
  expect(refused(`${text} 1\n`)).toContain(at);
  expect(refused(`${text} 1\n`)).toContain(hint);
});

describe('YAML', () => {
  it('may have anchors, in values, names and sections', () => {
    const { users } = config(`basic_auth_users:\n  &name alice: &hash ${HASH}\n  bob: *hash\n`);
    expect([...users]).toEqual([
      ['alice', HASH],
      ['bob', HASH],
    ]);
    const suites = 'cipher_suites: &list [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]\n';
    expect(tls(`  ${suites}`)?.cipherSuites).toHaveLength(1);
  });

  it('may be JSON, may end its lines as Windows does, may begin with a byte order mark, --- and %YAML', () => {
    const limit = { intervalMs: 1000, burst: 2 };
    expect(config('{"rate_limit": {"interval": "1s", "burst": 2}}').rateLimit).toEqual(limit);
    expect(config('\ufeff---\r\nrate_limit:\r\n  interval: 1s\r\n  burst: 2\r\n...\r\n').rateLimit).toEqual(limit);
    expect(config('%YAML 1.1\n---\nrate_limit: {interval: 1s, burst: 2}\n').rateLimit).toEqual(limit);
  });

  it.each(['no', 'No', 'off', 'n', 'FALSE', 'false'])('has %s for false', (word) => {
    expect(config(`http_server_config:\n  http2: ${word}\n`).http2).toBe(false);
  });

  it.each(['yes', 'Yes', 'on', 'y', 'TRUE', 'true'])('has %s for true', (word) => {
    expect(config(`http_server_config:\n  http2: ${word}\n`).http2).toBe(true);
  });

  it.each(['0', 'never', '[]', '{a: b}'])('has no %s for false', (word) => {
    expect(refused(`http_server_config:\n  http2: ${word}\n`)).toContain('http2: expected true or false');
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
    ['client_auth_type: NoClientCert', 'missing one of cert or cert_file'],
    ['client_ca: CA', 'missing one of cert or cert_file'],
    ['client_ca_file: ca.crt', 'missing one of key or key_file'],
    ['key: KEY', 'missing one of cert or cert_file'],
    ['cert_file: ""\n  key_file: ""\n  client_auth_type: x', 'missing one of cert or cert_file'],
    ['cert_file: ""\n  key_file: ""\n  client_auth_type: x', 'found "x"'],
  ])('%j lacks one', (text, message) => {
    expect(refused(`tls_server_config:\n  ${text}\n`)).toContain(message);
  });

  it.each([
    'min_version: TLS13',
    'max_version: TLS12',
    'prefer_server_cipher_suites: false',
    'curve_preferences: [X25519]',
    'cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]',
  ])('%s alone is plain HTTP, which is told', (line) => {
    const { config, warnings } = parse(`tls_server_config:\n  ${line}\n`);
    expect(config.tls).toBeUndefined();
    expect(warnings.join()).toContain('TLS is off');
  });

  it('a key is never shown', () => {
    const message = refused('tls_server_config:\n  cert_file: a\n  key: [SECRET]\n');
    expect(message).toContain('tls_server_config.key: expected PEM text, found a list or a mapping');
    expect(message).not.toContain('SECRET');
    expect(refused('basic_auth_users: { a: "" }')).toMatch(/expected a bcrypt hash, .*, found nothing$/);
    expect(refused('basic_auth_users: { a: b }')).toMatch(/found something else, which is not shown$/);
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

  it('an empty list of names lets nobody in, which is told; no list lets in every name', () => {
    const { config, warnings } = parse(
      `tls_server_config:\n${PAIR}  client_auth_type: RequireAndVerifyClientCert\n  client_ca: CA\n  client_allowed_sans: []\n`,
    );
    expect(config.tls?.clientAllowedSans).toEqual([]);
    expect(warnings.join()).toContain('client_allowed_sans: it is empty');
    expect(tls('  client_allowed_sans:\n')?.clientAllowedSans).toBeUndefined();
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
    ['curve_preferences: [x25519]', 'did you mean X25519?'],
    ['curve_preferences: [X25519MLKEM768]', 'exporter-toolkit does not know it either'],
    ['curve_preferences: [SecP256r1MLKEM768]', 'exporter-toolkit does not know it either'],
    ['curve_preferences: CurveP256', 'expected a list of curves'],
    ['cipher_suites: TLS_AES_128_GCM_SHA256', 'expected a list of cipher suites'],
    ['cipher_suites: [ECDHE-RSA-AES128-GCM-SHA256]', "OpenSSL's name of TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"],
    ['cipher_suites: [TLS_DHE_RSA_WITH_AES_128_GCM_SHA256]', 'found "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"'],
    ['max_version: TLS14', 'found "TLS14"'],
    ['min_version: 1.2', 'found "1.2"'],
    ['min_version: tls12', 'did you mean TLS12?'],
    ['min_version: TLS14', 'found "TLS14"; did you mean TLS13?'],
    ['min_version: TLS1', 'found "TLS1"; did you mean TLS13?'],
    ['prefer_server_cipher_suites: maybe', 'expected true or false'],
  ])('%s is refused', (text, message) => {
    expect(refused(`tls_server_config:\n${PAIR}  ${text}\n`)).toContain(message);
  });

  it('a curve that stands twice counts once; no list is the preset', () => {
    expect(tls('  curve_preferences: [CurveP384, X25519, CurveP384]\n')?.curves).toEqual(['P-384', 'X25519']);
    expect(tls('  curve_preferences: []\n  cipher_suites:\n  min_version:\n')).toMatchObject({
      curves: undefined,
      cipherSuites: undefined,
      minVersion: 'TLS12',
    });
  });

  it("a suite's name is OpenSSL's in the words of Go, and OpenSSL has it", () => {
    for (const [go, openssl] of SUITES) {
      const words = go
        .replace('TLS_', '')
        .replace('_WITH_', '-')
        .replace(/AES_(\d+)_(CBC_)?/, 'AES$1-');
      expect(words.replace('POLY1305_SHA256', 'POLY1305').replaceAll('_', '-')).toBe(openssl);
      expect(getCiphers()).toContain(openssl.toLowerCase());
    }
  });

  it.each([...UNSAFE_SUITES])('%s is refused as not safe', (name) => {
    expect(refused(`tls_server_config:\n${PAIR}  cipher_suites: [${name}]\n`)).toContain(
      'it is not safe; exporters that were built with a newer Go refuse it too',
    );
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
  const hashed = (start: string) => start + 'a'.repeat(53);

  it.each(['$2a$04$', '$2b$12$', '$2y$31$', '$2x$10$', '$2$10$'])(
    'have bcrypt hashes as %s, without TLS too',
    (start) => {
      const { users, tls } = config(`basic_auth_users:\n  alice: ${hashed(start)}\n`);
      expect([...users]).toEqual([['alice', hashed(start)]]);
      expect(tls).toBeUndefined();
    },
  );

  it('a hash may be quoted, or a block, whose last line feed does not count', () => {
    const { users } = config(`basic_auth_users:\n  a: '${HASH}'\n  b: |\n    ${HASH}\n  c: >-\n    ${HASH}\n`);
    expect([...users.values()]).toEqual([HASH, HASH, HASH]);
  });

  it.each(['007', '0x1F', 'yes', 'null-user', 'a b', 'ä', '"a:b"'])('may be called %s', (name) => {
    expect([...config(`basic_auth_users:\n  ${name}: ${HASH}\n`).users.keys()]).toEqual([name.replaceAll('"', '')]);
  });

  it.each([
    'doe',
    `${HASH}a`,
    HASH.slice(0, -1),
    hashed('$2y$03$'),
    hashed('$2y$00$'),
    hashed('$2y$32$'),
    hashed('$2y$5$'),
    hashed('$2z$10$'),
    hashed('$3y$10$'),
    hashed('$1$'),
    HASH.replace('a', '!'),
    '"{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M="',
    '$apr1$aaaaaaaa$aaaaaaaaaaaaaaaaaaaaaa',
    '$6$aaaaaaaa$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
    '12345',
    '[a]',
    '{a: b}',
    '""',
    '',
  ])('%j is no hash, and is not shown', (hash) => {
    const message = refused(`basic_auth_users:\n  john: ${hash}\n`);
    expect(message).toMatch(/web\.yml:2:\d: basic_auth_users\.john: expected a bcrypt hash/);
    if (hash.length > 2) expect(message).not.toContain(hash.replaceAll('"', ''));
  });

  it('are a mapping', () => {
    expect(refused(`basic_auth_users: [alice]\n`)).toContain('basic_auth_users: expected a mapping of users to hashes');
  });
});

describe('the rate limit', () => {
  it.each([
    ['1s', 1000],
    ['1m30s', 90_000],
    ['1.5s', 1500],
    ['100ms', 100],
    ['250us', 0.25],
    ['1000000', 1],
    ['1e9', 1000],
    ['+1h0m0.5s', 3_600_500],
    ['.5s', 500],
    ['1.s', 1000],
    ['"3us"', 0.003],
    ['3µs', 0.003],
    ['500ns', 0.0005],
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

  it.each(['0', '0s', '"0"', '-0', '', '~', '0h0m'])('an interval of %s is no limit', (interval) => {
    expect(config(`rate_limit:\n  interval: ${interval}\n  burst: 3\n`).rateLimit).toBeUndefined();
  });

  it('a burst alone is no limit', () => {
    expect(config('rate_limit: {burst: 3}\n').rateLimit).toBeUndefined();
  });

  it.each(['-1s', 'soon', '5 s', '1.s.5', '1d', '1', '1S', '1:30', '', '9999999h', 's', '1h-1m'])(
    'an interval of %s is refused',
    (text) => {
      expect(refused(`rate_limit:\n  interval: "${text}"\n  burst: 1\n`)).toContain(
        'rate_limit.interval: expected a duration',
      );
    },
  );

  it.each(['1.5', '-1', 'true', '[1s]'])('an interval of %s without quotes is refused', (text) => {
    expect(refused(`rate_limit:\n  interval: ${text}\n  burst: 1\n`)).toContain(
      'rate_limit.interval: expected a duration',
    );
  });

  it.each(['-1', '1.5', 'many', '"3"', '1e12'])('a burst of %s is refused', (text) => {
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
