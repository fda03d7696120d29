// A certificate authority in a folder of the test, by openssl(1).
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
}

export interface Authority extends Certificate {
  /** A certificate by this authority. `days` below 0: one that has ended. */
  issue(name: string, options?: { readonly san?: string; readonly days?: number; readonly key?: KeyKind }): Certificate;
}

/** RSA for suites with RSA, the others for those with ECDSA; a key of RSA takes longest to make. */
export type KeyKind = 'rsa' | 'ec' | 'ed25519';

export interface Folder {
  readonly path: string;
  file(name: string): string;
  write(name: string, text: string): void;
  authority(name: string): Authority;
  /** A certificate that signs itself; `lines` are added to openssl's arguments. */
  selfSigned(name: string, ...lines: readonly string[]): Certificate;
  remove(): void;
}

const LOCALHOST = 'DNS:localhost,IP:127.0.0.1,IP:::1';

/** A new folder; `remove` it. */
export function createFolder(): Folder {
  const path = mkdtempSync(join(tmpdir(), 'vlan-web-'));
  const file = (name: string) => join(path, name);
  const openssl = (...args: readonly string[]) =>
    execFileSync('openssl', args, { cwd: path, stdio: ['ignore', 'pipe', 'pipe'] });
  const write = (name: string, text: string) => writeFileSync(file(name), text, { mode: 0o600 });
  const read = (name: string): Certificate => ({
    certFile: file(`${name}.crt`),
    keyFile: file(`${name}.key`),
    cert: readFileSync(file(`${name}.crt`), 'utf8'),
    key: readFileSync(file(`${name}.key`), 'utf8'),
  });
  const key = (name: string, kind: KeyKind = 'ec') => {
    if (kind === 'rsa') openssl('genrsa', '-out', `${name}.key`, '2048');
    // With its parameters before it, as most people make it.
    else if (kind === 'ec') openssl('ecparam', '-name', 'prime256v1', '-genkey', '-out', `${name}.key`);
    else openssl('genpkey', '-algorithm', kind, '-out', `${name}.key`);
  };

  const selfSigned: Folder['selfSigned'] = (name, ...lines) => {
    key(name);
    openssl(
      'req',
      '-x509',
      '-key',
      `${name}.key`,
      '-out',
      `${name}.crt`,
      '-days',
      '30',
      '-subj',
      `/CN=${name}`,
      ...lines,
    );
    return read(name);
  };

  const authority = (name: string): Authority => {
    const own = selfSigned(name);
    const issue: Authority['issue'] = (of, { san = LOCALHOST, days = 30, key: kind } = {}) => {
      key(of, kind);
      openssl('req', '-new', '-key', `${of}.key`, '-out', `${of}.csr`, '-subj', `/CN=${of}`);
      write(`${of}.ext`, `subjectAltName=${san}\nextendedKeyUsage=serverAuth,clientAuth\n`);
      const span = days < 0 ? expired() : ['-days', `${days}`];
      openssl(
        'x509',
        '-req',
        '-in',
        `${of}.csr`,
        '-CA',
        `${name}.crt`,
        '-CAkey',
        `${name}.key`,
        '-CAcreateserial',
        '-extfile',
        `${of}.ext`,
        '-out',
        `${of}.crt`,
        ...span,
      );
      return read(of);
    };
    return { ...own, issue };
  };
  return { path, file, write, authority, selfSigned, remove: () => rmSync(path, { recursive: true, force: true }) };
}

// openssl 3.0's x509 takes no dates: a certificate of -1 days began and ended before now.
const expired = () => ['-days', '-1'];
