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
  issue(name: string, options?: { readonly san?: string; readonly days?: number }): Certificate;
}

export interface Folder {
  readonly path: string;
  file(name: string): string;
  write(name: string, text: string): void;
  authority(name: string): Authority;
  remove(): void;
}

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
  // RSA, for suites with RSA and with ECDHE; 2048 bits are made in a moment.
  const key = (name: string) => openssl('genrsa', '-out', `${name}.key`, '2048');

  const authority = (name: string): Authority => {
    key(name);
    openssl('req', '-x509', '-key', `${name}.key`, '-out', `${name}.crt`, '-days', '30', '-subj', `/CN=${name}`);
    const issue: Authority['issue'] = (of, { san = 'DNS:localhost,IP:127.0.0.1,IP:::1', days = 30 } = {}) => {
      key(of);
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
    return { ...read(name), issue };
  };
  return { path, file, write, authority, remove: () => rmSync(path, { recursive: true, force: true }) };
}

// openssl 3.0's x509 takes no dates: a certificate of -1 days began and ended before now.
const expired = () => ['-days', '-1'];
