// The web config file: who may ask, and how it is encrypted. Its format is exporter-toolkit's, all of it:
// https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md
// Text → what it says, or a ConfigError with every problem. The files that it names are not read here.

import { validateHeaderValue } from 'node:http';
import { dirname, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { isMap } from 'yaml';
import { integer } from '../../config/kinds.ts';
import {
  checked,
  inspected,
  list,
  object,
  optional,
  preset,
  type Remark,
  record,
  type Shape,
  type YamlNode,
} from '../../config/shape.ts';
import { type Place, parseYaml } from '../../config/yaml-file.ts';
import {
  CURVES,
  HTTP2_SUITES,
  HYBRID_CURVES,
  SUITES,
  TLS13_SUITES,
  UNSAFE_SUITES,
  VERSIONS,
  type Version,
} from './ciphers.ts';
import { bool, goDuration, orNothing, secret, text, word } from './kinds.ts';

export const CLIENT_AUTH = [
  'NoClientCert',
  'RequestClientCert',
  'RequireAnyClientCert',
  'VerifyClientCertIfGiven',
  'RequireAndVerifyClientCert',
] as const;
export type ClientAuth = (typeof CLIENT_AUTH)[number];

/** PEM that stands in the file, or the path of a file that has it. `key`: where that is said, for messages. */
export type Source = { readonly key: string; readonly pem: string } | { readonly key: string; readonly path: string };

export interface TlsConfig {
  readonly certificate: Source;
  readonly privateKey: Source;
  readonly clientCa: Source | undefined;
  readonly clientAuth: ClientAuth;
  /** Exact names, one of which a client's certificate must have; undefined: any will do. */
  readonly clientAllowedSans: readonly string[] | undefined;
  readonly minVersion: Version;
  readonly maxVersion: Version;
  /** Go's names, for TLS up to 1.2; undefined: those that are safe. */
  readonly cipherSuites: readonly string[] | undefined;
  readonly preferServerCipherSuites: boolean;
  /** OpenSSL's names, the first one first; undefined: OpenSSL's own preset. */
  readonly curves: readonly string[] | undefined;
}

export interface WebConfig {
  /** undefined: plain HTTP. */
  readonly tls: TlsConfig | undefined;
  readonly http2: boolean;
  /** Added to each answer. */
  readonly headers: Readonly<Record<string, string>>;
  /** User → bcrypt hash; empty: nobody needs a password. */
  readonly users: ReadonlyMap<string, string>;
  readonly rateLimit: { readonly intervalMs: number; readonly burst: number } | undefined;
}

/** Where no file is named, and what an empty one says. */
export const NO_WEB_CONFIG: WebConfig = {
  tls: undefined,
  http2: true,
  headers: {},
  users: new Map(),
  rateLimit: undefined,
};

export interface ParsedWebConfig {
  readonly config: WebConfig;
  /** Where a key stands, for problems that are found later. */
  readonly place: Place;
  /** What is allowed and probably not meant. */
  readonly warnings: readonly string[];
}

/** `source` as a web config; `file` is its path, to which others in it are relative. Throws ConfigError, and nothing else. */
export function parseWebConfig(source: string, file: string): ParsedWebConfig {
  const { value, place } = parseYaml(source, file, webConfigFile, EMPTY);
  const tls = value.tls_server_config;
  const limit = value.rate_limit;
  const warnings = [
    ...(!isEnabled(tls) && !isDeepStrictEqual({ ...tls }, NO_TLS)
      ? [`${file}: tls_server_config: there is neither cert_file nor cert, so TLS is off and nothing is encrypted`]
      : []),
    ...(tls.client_allowed_sans?.length === 0 && needsCertificate(tls)
      ? [`${file}: tls_server_config.client_allowed_sans: it is empty, so no client is let in`]
      : []),
    ...(tls.client_auth_type === 'RequireAndVerifyClientCert' && !tls.client_ca && !tls.client_ca_file
      ? [`${file}: tls_server_config.client_auth_type: there is no client_ca_file, so no client is let in`]
      : []),
    ...(tls.client_auth_type === 'RequireAnyClientCert' || tls.client_auth_type === 'RequestClientCert'
      ? [
          `${file}: tls_server_config.client_auth_type: ${tls.client_auth_type} lets anybody in, with a certificate of their own making`,
        ]
      : []),
    ...(limit.interval > 0 && limit.burst === 0
      ? [`${file}: rate_limit.burst: it is 0, so every request is refused; set it to 1 or more`]
      : []),
  ];
  const config: WebConfig = {
    tls: isEnabled(tls) ? tlsConfig(tls, dirname(file)) : undefined,
    http2: value.http_server_config.http2,
    headers: Object.fromEntries(
      Object.entries(value.http_server_config.headers).filter((entry): entry is [string, string] => Boolean(entry[1])),
    ),
    // As a block of YAML ends, and as Go reads it.
    users: new Map(value.basic_auth_users.map(([user, hash]) => [user, hash.trimEnd()])),
    rateLimit: limit.interval > 0 ? { intervalMs: limit.interval, burst: limit.burst } : undefined,
  };
  return { config, place, warnings };
}

function tlsConfig(tls: TlsSection, folder: string): TlsConfig {
  // A file wins.
  const source = (name: 'cert' | 'key' | 'client_ca'): Source | undefined => {
    const path = tls[`${name}_file`];
    if (path !== '') return { key: `tls_server_config.${name}_file`, path: resolve(folder, path) };
    return tls[name] === '' ? undefined : { key: `tls_server_config.${name}`, pem: tls[name] };
  };
  const [certificate, privateKey] = [source('cert'), source('key')];
  if (!certificate || !privateKey) throw new Error('tlsRemarks lets no such config through');
  return {
    certificate,
    privateKey,
    clientCa: source('client_ca'),
    clientAuth: tls.client_auth_type ?? 'NoClientCert',
    clientAllowedSans: tls.client_allowed_sans ?? undefined,
    minVersion: tls.min_version,
    maxVersion: tls.max_version,
    cipherSuites: tls.cipher_suites.length > 0 ? tls.cipher_suites : undefined,
    preferServerCipherSuites: tls.prefer_server_cipher_suites,
    curves: tls.curve_preferences.length > 0 ? [...new Set(tls.curve_preferences)] : undefined,
  };
}

const SUITE_NAMES = [...SUITES.keys(), ...TLS13_SUITES];
const suite = word(
  SUITE_NAMES,
  (name) => name,
  (name) => {
    if (UNSAFE_SUITES.has(name)) return 'it is not safe, and exporter-toolkit refuses it too';
    const [meant] = [...SUITES].find(([, openssl]) => openssl === name) ?? [];
    return meant && `that is OpenSSL's name of ${meant}`;
  },
);
const curve = word(
  [...CURVES.keys()],
  (name) => CURVES.get(name) ?? name,
  (name) =>
    HYBRID_CURVES.has(name)
      ? 'exporter-toolkit does not know it either; without curve_preferences, Node.js offers what its OpenSSL has'
      : undefined,
);
const version = (fallback: Version) =>
  orNothing(
    word<Version>(Object.keys(VERSIONS), (name) => name as Version),
    fallback,
  );
const clientAuth = word<ClientAuth | null>(['', ...CLIENT_AUTH, 'RequireClientCert'], (name) =>
  name === '' ? null : name === 'RequireClientCert' ? 'RequireAnyClientCert' : (name as ClientAuth),
);
const pem = secret('PEM text', () => true);
const list0 = <T>(item: Shape<T>, expected: string) => orNothing(list(item, expected), []);

const tlsFields = {
  cert: preset(orNothing(text, ''), "The server's certificate, as PEM.", ''),
  key: preset(pem, "The certificate's key, as PEM.", ''),
  client_ca: preset(orNothing(text, ''), 'The CA of the clients, as PEM.', ''),
  cert_file: preset(orNothing(text, ''), "The file of the server's certificate.", ''),
  key_file: preset(orNothing(text, ''), "The file of the certificate's key.", ''),
  client_ca_file: preset(orNothing(text, ''), 'The file of the CA of the clients.', ''),
  // null: left out. An empty list lets nobody in.
  client_auth_type: preset(orNothing(clientAuth, null), 'Whether clients need a certificate.', null),
  client_allowed_sans: preset(
    orNothing<readonly string[] | null>(list(text, 'a list of names, as [prometheus.example]'), null),
    "Names, one of which a client's certificate must have.",
    null,
  ),
  min_version: preset(version('TLS12'), 'The oldest TLS that is spoken.', 'TLS12'),
  max_version: preset(version('TLS13'), 'The newest TLS that is spoken.', 'TLS13'),
  cipher_suites: preset(list0(suite, 'a list of cipher suites'), 'The cipher suites up to TLS 1.2.', []),
  prefer_server_cipher_suites: preset(
    orNothing(bool, true),
    "Whether this order of theirs counts, not the client's.",
    true,
  ),
  curve_preferences: preset(list0(curve, 'a list of curves'), 'The curves, the first one first.', []),
} as const;
const tlsShape = object(tlsFields);
type Read<S> = S extends Shape<infer T> ? T : never;
type TlsSection = Read<typeof tlsShape>;

const NO_TLS: TlsSection = {
  cert: '',
  key: '',
  client_ca: '',
  cert_file: '',
  key_file: '',
  client_ca_file: '',
  client_auth_type: null,
  client_allowed_sans: null,
  min_version: 'TLS12',
  max_version: 'TLS13',
  cipher_suites: [],
  prefer_server_cipher_suites: true,
  curve_preferences: [],
};

// exporter-toolkit's TLSConfig.IsEnabled: without any of these, TLS is off, whatever else the section says.
const ENABLING = ['cert', 'cert_file', 'key', 'key_file', 'client_ca', 'client_ca_file', 'client_auth_type'] as const;
const isEnabled = (tls: TlsSection) => ENABLING.some((key) => tls[key] !== '' && tls[key] !== null);

const needsCertificate = ({ client_auth_type: type }: TlsSection) =>
  type === 'RequireAnyClientCert' || type === 'RequireAndVerifyClientCert';

function pairRemarks(node: YamlNode): readonly Remark[] {
  const stands = (key: string) => ![undefined, null, ''].includes(isMap(node) ? (node.get(key) as string) : undefined);
  if (!ENABLING.some(stands)) return [];
  return (
    [
      ['cert', 'TLS needs a certificate'],
      ['key', 'the certificate needs its key'],
    ] as const
  )
    .filter(([key]) => !stands(key) && !stands(`${key}_file`))
    .map(([key, why]) => ({ path: [`${key}_file`], text: `missing one of ${key} or ${key}_file: ${why}` }));
}

function tlsRemarks(tls: TlsSection): readonly Remark[] {
  const order = Object.keys(VERSIONS);
  const remarks: (Remark | false)[] = [
    (tls.client_ca !== '' || tls.client_ca_file !== '') &&
      (tls.client_auth_type ?? 'NoClientCert') === 'NoClientCert' && {
        path: [tls.client_ca_file === '' ? 'client_ca' : 'client_ca_file'],
        text: 'a CA for clients without client_auth_type has no effect; expected client_auth_type: RequireAndVerifyClientCert beside it',
      },
    (tls.client_allowed_sans?.length ?? 0) > 0 &&
      !needsCertificate(tls) && {
        path: ['client_allowed_sans'],
        text: `expected client_auth_type: RequireAndVerifyClientCert beside it, found ${tls.client_auth_type ?? 'NoClientCert'}, by which a client without a certificate is let in`,
      },
    order.indexOf(tls.min_version) > order.indexOf(tls.max_version) && {
      path: ['min_version'],
      text: `expected no newer version than max_version (${tls.max_version}), found ${tls.min_version}`,
    },
  ];
  return remarks.filter((remark) => remark !== false);
}

function header(name: string, values: readonly string[]): Shape<string> {
  const shape: Shape<string> = values.length === 0 ? text : word(['', ...values], (value) => value);
  return orNothing(
    checked(shape, (value) =>
      isHeaderValue(name, value) ? [] : [{ path: [], text: 'expected one line of printable text' }],
    ),
    '',
  );
}

function isHeaderValue(name: string, value: string): boolean {
  try {
    validateHeaderValue(name, value);
    return true;
  } catch {
    return false;
  }
}

const headers = object({
  'Content-Security-Policy': optional(header('Content-Security-Policy', []), 'Set in each answer.'),
  'X-Frame-Options': optional(header('X-Frame-Options', ['deny', 'sameorigin']), 'Set in each answer.'),
  'X-Content-Type-Options': optional(header('X-Content-Type-Options', ['nosniff']), 'Set in each answer.'),
  'X-XSS-Protection': optional(header('X-XSS-Protection', []), 'Set in each answer.'),
  'Strict-Transport-Security': optional(header('Strict-Transport-Security', []), 'Set in each answer.'),
});
const NO_HEADERS: Read<typeof headers> = {
  'Content-Security-Policy': undefined,
  'X-Frame-Options': undefined,
  'X-Content-Type-Options': undefined,
  'X-XSS-Protection': undefined,
  'Strict-Transport-Security': undefined,
};

const http = object({
  http2: preset(orNothing(bool, true), 'Whether HTTP/2 is spoken, with TLS.', true),
  headers: preset(orNothing(headers, NO_HEADERS), 'Headers of each answer.', NO_HEADERS),
});
const NO_HTTP: Read<typeof http> = { http2: true, headers: NO_HEADERS };

// bcrypt: version, cost, 22 characters of salt and 31 of hash.
const BCRYPT = /^\$2[abxy]?\$(0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}$/;
const users = orNothing(
  record(
    text,
    secret('a bcrypt hash, as `htpasswd -nBC 10 USER` prints it', (hash) => BCRYPT.test(hash.trimEnd())),
    'a mapping of users to hashes',
  ),
  [],
);

const limit = object({
  interval: preset(orNothing(goDuration, 0), 'The time in which one request more is let in; 0: no limit.', 0),
  burst: preset(orNothing(integer(0, 1_000_000_000), 0), 'How many requests at once.', 0),
});
const NO_LIMIT: Read<typeof limit> = { interval: 0, burst: 0 };

const sections = object({
  tls_server_config: preset(orNothing(inspected(checked(tlsShape, tlsRemarks), pairRemarks), NO_TLS), 'TLS.', NO_TLS),
  http_server_config: preset(orNothing(http, NO_HTTP), 'HTTP.', NO_HTTP),
  basic_auth_users: preset(users, 'Users, and their passwords as bcrypt hashes.', []),
  rate_limit: preset(orNothing(limit, NO_LIMIT), 'How many requests are let in.', NO_LIMIT),
});
const webConfigFile = checked(sections, (config) => http2Remarks(config));

type File = Read<typeof sections>;
const EMPTY: File = {
  tls_server_config: NO_TLS,
  http_server_config: NO_HTTP,
  basic_auth_users: [],
  rate_limit: NO_LIMIT,
};

// RFC 9113 forbids HTTP/2 over TLS 1.2 without one of them; Go does not start then.
function http2Remarks({ tls_server_config: tls, http_server_config: { http2 } }: File): readonly Remark[] {
  if (!http2 || tls.cipher_suites.length === 0 || tls.min_version === 'TLS13') return [];
  if (tls.cipher_suites.some((name) => (HTTP2_SUITES as readonly string[]).includes(name))) return [];
  return [
    {
      path: ['tls_server_config', 'cipher_suites'],
      text: `HTTP/2 needs ${HTTP2_SUITES.join(' or ')}: add one, or set http_server_config.http2 to false`,
    },
  ];
}
