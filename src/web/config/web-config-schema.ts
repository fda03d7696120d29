// What may stand in a web config, key by key: one definition gives its reader and its type. Its values are exporter-toolkit's.
import { validateHeaderValue } from 'node:http';
import { isMap } from 'yaml';
import { integer } from '../../config/kinds.ts';
import {
  checked,
  inspected,
  list,
  object,
  optional,
  preset,
  presetsOf,
  type Remark,
  record,
  type Shape,
  type YamlNode,
} from '../../config/shape.ts';
import { readingOf } from '../../model/snapshot.ts';
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
import { bool, goDuration, maybe, orNothing, secret, text, word } from './kinds.ts';

export const CLIENT_AUTH = [
  'NoClientCert',
  'RequestClientCert',
  'RequireAnyClientCert',
  'VerifyClientCertIfGiven',
  'RequireAndVerifyClientCert',
] as const;
export type ClientAuth = (typeof CLIENT_AUTH)[number];

const SUITE_NAMES = [...SUITES.keys(), ...TLS13_SUITES];
const suite = word(
  SUITE_NAMES,
  (name) => name,
  (name) => {
    if (UNSAFE_SUITES.has(name)) return 'it is not safe; exporters that were built with a newer Go refuse it too';
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
const version = word<Version>(
  Object.keys(VERSIONS),
  (name) => name as Version,
  undefined,
  // A slip of the pen must not weaken what is encrypted.
  ['TLS13', 'TLS12'],
);
const clientAuth = word<ClientAuth | null>(['', ...CLIENT_AUTH, 'RequireClientCert'], (name) =>
  name === '' ? null : name === 'RequireClientCert' ? 'RequireAnyClientCert' : (name as ClientAuth),
);
const pem = secret('PEM text', () => true);

const tlsFields = {
  cert: maybe(text, '', "The server's certificate, as PEM."),
  key: preset(pem, "The certificate's key, as PEM.", ''),
  client_ca: maybe(text, '', 'The CA of the clients, as PEM.'),
  cert_file: maybe(text, '', "The file of the server's certificate."),
  key_file: maybe(text, '', "The file of the certificate's key."),
  client_ca_file: maybe(text, '', 'The file of the CA of the clients.'),
  // null: left out. An empty list lets nobody in.
  client_auth_type: maybe(clientAuth, null, 'Whether clients need a certificate.'),
  client_allowed_sans: maybe<readonly string[] | null>(
    list(text, 'a list of names, as [prometheus.example]'),
    null,
    "Names, one of which a client's certificate must have.",
  ),
  min_version: maybe(version, 'TLS12', 'The oldest TLS that is spoken.'),
  max_version: maybe(version, 'TLS13', 'The newest TLS that is spoken.'),
  cipher_suites: maybe(list(suite, 'a list of cipher suites'), [], 'The cipher suites up to TLS 1.2.'),
  prefer_server_cipher_suites: maybe(bool, true, "Whether this order of theirs counts, not the client's."),
  curve_preferences: maybe(list(curve, 'a list of curves'), [], 'The curves, the first one first.'),
};
/** What the section is where it is left out. */
export const NO_TLS = presetsOf(tlsFields);
export type TlsSection = typeof NO_TLS;

// exporter-toolkit's TLSConfig.IsEnabled: without any of these, TLS is off, whatever else the section says.
const ENABLING = ['cert', 'cert_file', 'key', 'key_file', 'client_ca', 'client_ca_file', 'client_auth_type'] as const;
export const isEnabled = (tls: TlsSection) => ENABLING.some((key) => tls[key] !== '' && tls[key] !== null);

export const needsCertificate = ({ client_auth_type: type }: TlsSection) =>
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
  return readingOf(() => validateHeaderValue(name, value)).ok;
}

const headers = {
  'Content-Security-Policy': optional(header('Content-Security-Policy', []), 'Set in each answer.'),
  'X-Frame-Options': optional(header('X-Frame-Options', ['deny', 'sameorigin']), 'Set in each answer.'),
  'X-Content-Type-Options': optional(header('X-Content-Type-Options', ['nosniff']), 'Set in each answer.'),
  'X-XSS-Protection': optional(header('X-XSS-Protection', []), 'Set in each answer.'),
  'Strict-Transport-Security': optional(header('Strict-Transport-Security', []), 'Set in each answer.'),
};
const NO_HEADERS = presetsOf(headers);

const http = {
  http2: maybe(bool, true, 'Whether HTTP/2 is spoken, with TLS.'),
  headers: maybe(object(headers), NO_HEADERS, 'Headers of each answer.'),
};

// bcrypt: version, cost, 22 characters of salt and 31 of hash.
const BCRYPT = /^\$2[abxy]?\$(0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}$/;
const users = record(
  text,
  secret('a bcrypt hash, as `htpasswd -nBC 10 USER` prints it (Debian: apache2-utils)', (hash) =>
    BCRYPT.test(hash.trimEnd()),
  ),
  'a mapping of users to hashes',
);

const limit = {
  interval: maybe(goDuration, 0, 'The time in which one request more is let in; 0: no limit.'),
  burst: maybe(integer(0, 1_000_000_000), 0, 'How many requests at once.'),
};

const tls = inspected(checked(object(tlsFields), tlsRemarks), pairRemarks);
const sections = {
  tls_server_config: maybe(tls, NO_TLS, 'TLS.'),
  http_server_config: maybe(object(http), presetsOf(http), 'HTTP.'),
  basic_auth_users: maybe(users, [], 'Users, and their passwords as bcrypt hashes.'),
  rate_limit: maybe(object(limit), presetsOf(limit), 'How many requests are let in.'),
};
/** What an empty file says. */
export const EMPTY = presetsOf(sections);
export type Sections = typeof EMPTY;
export const webConfigFile = checked(object(sections), http2Remarks);

// RFC 9113 forbids HTTP/2 over TLS 1.2 without one of them; Go does not start then.
function http2Remarks({ tls_server_config: tls, http_server_config: { http2 } }: Sections): readonly Remark[] {
  if (!http2 || tls.cipher_suites.length === 0 || tls.min_version === 'TLS13') return [];
  if (tls.cipher_suites.some((name) => (HTTP2_SUITES as readonly string[]).includes(name))) return [];
  return [
    {
      path: ['tls_server_config', 'cipher_suites'],
      text: `HTTP/2 needs ${HTTP2_SUITES.join(' or ')}: add one, or set http_server_config.http2 to false`,
    },
  ];
}
