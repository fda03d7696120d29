// A web config with the files that it names: certificate, key and CA are read and fit together, or there is an error that says which
// line is wrong. What is loaded can be served as it is.
import { constants, createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContextOptions, type SecureVersion } from 'node:tls';
import { ConfigError } from '../../config/problem.ts';
import { readTextFile } from '../../config/read-file.ts';
import type { Files } from '../../host/host.ts';
import { PRESET_SUITES, SUITES, TLS13_SUITES, VERSIONS } from './ciphers.ts';
import { type ParsedWebConfig, type Pem, parseWebConfig, type TlsConfig, type WebConfig } from './web-config.ts';
import type { ClientAuth } from './web-config-schema.ts';

export interface Tls {
  /** For node:tls. */
  readonly context: SecureContextOptions;
  readonly clientAuth: ClientAuth;
  readonly clientAllowedSans: readonly string[] | undefined;
  /** When the first certificate of the chain expires, milliseconds since the epoch. */
  readonly expiresAt: number;
}

export interface Web {
  readonly config: WebConfig;
  /** undefined: plain HTTP. */
  readonly tls: Tls | undefined;
  /** What is allowed and probably not meant, for the log. */
  readonly warnings: readonly string[];
}

/** Reads the web config at `path`. `seen` is told each file that is read, before it is. Throws ConfigError. */
export function loadWebConfig(files: Files, path: string, seen: (path: string) => void = () => undefined): Web {
  seen(path);
  const parsed = parseWebConfig(readTextFile(files, path), path);
  const { tls } = parsed.config;
  if (!tls) return { config: parsed.config, tls: undefined, warnings: parsed.warnings };
  const loaded = loadTls(tls, createFileReader(files, path, parsed, seen));
  return {
    config: parsed.config,
    tls: loaded,
    warnings: [
      ...parsed.warnings,
      ...keyWarnings(files, tls.privateKey),
      ...expiryWarnings(tls.certificate, loaded),
      ...anchorWarnings(tls, loaded),
    ],
  };
}

interface PemReader {
  read(source: Pem): string;
  /** Throws ConfigError with the line of the source's key. */
  refuse(source: Pem, text: string, cause?: unknown): never;
}

function createFileReader(
  files: Files,
  file: string,
  { place }: ParsedWebConfig,
  seen: (path: string) => void,
): PemReader {
  const refuse = (source: Pem, text: string, cause?: unknown): never => {
    const at = place(source.key.split('.'));
    throw new ConfigError(file, [{ ...at, key: source.key, text }], { cause });
  };
  return {
    refuse,
    read(source) {
      if ('pem' in source) return source.pem;
      seen(source.path);
      try {
        return readTextFile(files, source.path);
      } catch (error) {
        return refuse(source, `expected a file in PEM; ${(error as Error).message}`, error);
      }
    },
  };
}

function loadTls(tls: TlsConfig, reader: PemReader): Tls {
  const cert = reader.read(tls.certificate);
  const key = reader.read(tls.privateKey);
  const chain = certificates(cert, tls.certificate, reader);
  const [leaf] = chain;
  if (!leaf?.checkPrivateKey(privateKey(key, tls.privateKey, reader)))
    reader.refuse(tls.privateKey, 'expected the key of the certificate, found the key of another');
  const ca = tls.clientCa === undefined ? undefined : reader.read(tls.clientCa);
  if (ca !== undefined && tls.clientCa) certificates(ca, tls.clientCa, reader);
  const asked = tls.clientAuth !== 'NoClientCert';
  const context: SecureContextOptions = {
    cert,
    key,
    // Without a CA of the operator's nobody is trusted: whoever has a certificate of a public CA is not meant.
    ...(asked ? { ca: ca ?? [] } : {}),
    minVersion: VERSIONS[tls.minVersion] as SecureVersion,
    maxVersion: VERSIONS[tls.maxVersion] as SecureVersion,
    ciphers: cipherList(tls),
    honorCipherOrder: tls.preferServerCipherSuites,
    ...(tls.curves ? { ecdhCurve: tls.curves.join(':') } : {}),
    // A session that is resumed would not be held against a CA that has changed since.
    ...(asked ? { secureOptions: constants.SSL_OP_NO_TICKET } : {}),
  };
  try {
    createSecureContext(context);
  } catch (error) {
    reader.refuse(tls.certificate, `cannot be served: ${(error as Error).message}`, error);
  }
  return {
    context,
    clientAuth: tls.clientAuth,
    clientAllowedSans: tls.clientAllowedSans,
    expiresAt: Math.min(...chain.map((certificate) => Date.parse(certificate.validTo))),
  };
}

function cipherList({ cipherSuites, minVersion }: TlsConfig): string {
  const old = minVersion === 'TLS10' || minVersion === 'TLS11';
  // TLS 1.0 and 1.1 have none of the preset's.
  const suites = cipherSuites ?? (old ? [...SUITES.keys()] : PRESET_SUITES);
  const upTo12 = suites.map((name) => SUITES.get(name)).filter((name) => name !== undefined);
  // OpenSSL 3 speaks them at this level only: their signatures are SHA-1.
  const level = old ? ['@SECLEVEL=0'] : [];
  return [...TLS13_SUITES, ...upTo12, ...level].join(':');
}

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

function certificates(pem: string, source: Pem, reader: PemReader): readonly X509Certificate[] {
  try {
    const found = pemCertificates(pem);
    if (found.length > 0) return found;
  } catch (error) {
    return reader.refuse(source, 'expected certificates in PEM, found one that is damaged', error);
  }
  return reader.refuse(source, 'expected at least one certificate in PEM, found none');
}

/** Throws where one is damaged. */
function pemCertificates(pem: string): readonly X509Certificate[] {
  return (pem.match(PEM_CERTIFICATE) ?? []).map((block) => new X509Certificate(block));
}

function privateKey(pem: string, source: Pem, reader: PemReader): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    const found = /ENCRYPTED/.test(pem)
      ? 'an encrypted key, whose password nobody can type in'
      : 'none that can be read';
    return reader.refuse(source, `expected a private key in PEM, found ${found}`, error);
  }
}

function keyWarnings(files: Files, key: Pem): readonly string[] {
  const mode = 'path' in key ? files.stat(key.path)?.mode : undefined;
  return mode !== undefined && 'path' in key && (mode & 0o007) !== 0
    ? [`${key.path}: everybody on this host can read the key; chmod o= ${key.path}`]
    : [];
}

function expiryWarnings(certificate: Pem, { expiresAt }: Tls): readonly string[] {
  return expiresAt < Date.now()
    ? [`${nameOf(certificate)}: the certificate expired on ${new Date(expiresAt).toISOString()}`]
    : [];
}

// Go takes any certificate that is named as one to trust; OpenSSL wants the chain up to one that signed itself.
function anchorWarnings({ clientCa, clientAuth }: TlsConfig, { context }: Tls): readonly string[] {
  const verifies = clientAuth === 'VerifyClientCertIfGiven' || clientAuth === 'RequireAndVerifyClientCert';
  if (!verifies || !clientCa || pemCertificates(String(context.ca)).some((one) => one.verify(one.publicKey))) return [];
  return [
    `${nameOf(clientCa)}: none of its certificates is self-signed, so no client certificate is accepted; append the root that signed them`,
  ];
}

function nameOf(pem: Pem): string {
  return 'path' in pem ? pem.path : pem.key;
}
