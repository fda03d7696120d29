// The web config file: who may ask, and how it is encrypted. Its format is exporter-toolkit's, all of it:
// https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md
// Text → what it says, or a ConfigError with every problem. The files that it names are not read here.
import { dirname, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type Place, parseYaml } from '../../config/yaml-file.ts';
import type { RateLimit } from '../rate-limit.ts';
import type { Version } from './ciphers.ts';
import {
  type ClientAuth,
  EMPTY,
  isEnabled,
  NO_TLS,
  needsCertificate,
  type Sections,
  type TlsSection,
  webConfigFile,
} from './web-config-schema.ts';

/** PEM that stands in the file, or the path of a file that has it. `key`: where that is said, for messages. */
export type Pem = { readonly key: string; readonly pem: string } | { readonly key: string; readonly path: string };

export interface TlsConfig {
  readonly certificate: Pem;
  readonly privateKey: Pem;
  readonly clientCa: Pem | undefined;
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
  readonly rateLimit: RateLimit | undefined;
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
  return { config, place, warnings: warningsOf(value, file) };
}

function warningsOf({ tls_server_config: tls, rate_limit: limit }: Sections, file: string): readonly string[] {
  return [
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
}

function tlsConfig(tls: TlsSection, folder: string): TlsConfig {
  // A file wins.
  const pem = (name: 'cert' | 'key' | 'client_ca'): Pem | undefined => {
    const path = tls[`${name}_file`];
    if (path !== '') return { key: `tls_server_config.${name}_file`, path: resolve(folder, path) };
    return tls[name] === '' ? undefined : { key: `tls_server_config.${name}`, pem: tls[name] };
  };
  const [certificate, privateKey] = [pem('cert'), pem('key')];
  if (!certificate || !privateKey) throw new Error('pairRemarks lets no such config through');
  return {
    certificate,
    privateKey,
    clientCa: pem('client_ca'),
    clientAuth: tls.client_auth_type ?? 'NoClientCert',
    clientAllowedSans: tls.client_allowed_sans ?? undefined,
    minVersion: tls.min_version,
    maxVersion: tls.max_version,
    cipherSuites: tls.cipher_suites.length > 0 ? tls.cipher_suites : undefined,
    preferServerCipherSuites: tls.prefer_server_cipher_suites,
    curves: tls.curve_preferences.length > 0 ? [...new Set(tls.curve_preferences)] : undefined,
  };
}
