// `config check --web FILE`.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { saidBy } from '../../src/cli/web-config.ts';
import { files } from '../../src/host/linux/files.ts';
import { loadWebConfig } from '../../src/web/config/load-web-config.ts';
import { createFolder, type Folder } from '../web/certificates.ts';

let folder: Folder;
beforeAll(() => {
  folder = createFolder();
  folder.authority('ca').issue('server');
});
afterAll(() => folder.remove());

function check(text: string): string {
  folder.write('web.yml', text);
  return saidBy(loadWebConfig(files, folder.file('web.yml'))).join('; ');
}

it('an empty file asks for nothing', () => {
  expect(check('')).toBe('no TLS; no passwords; no rate limit');
});

it('what a file says is told without its secrets', () => {
  const hash = `$2b$10$${'a'.repeat(53)}`;
  const said = check(
    `tls_server_config: { cert_file: server.crt, key_file: server.key }
basic_auth_users: { alice: "${hash}" }
rate_limit: { interval: 100ms, burst: 20 }
`,
  );
  expect(said).toMatch(
    /^TLS12 to TLS13; the certificate expires on \d{4}-\S+Z; client certificates: NoClientCert; 1 user;/,
  );
  expect(said).toContain('at most 20 requests at once, one more each 100 ms');
  expect(said).not.toContain(hash);
});

it('what is wrong is told with file, line and key', () => {
  expect(() => check('tls_server_config:\n  cert_file: nowhere.crt\n  key_file: server.key\n')).toThrow(
    /web\.yml:2:14: tls_server_config\.cert_file: .*nowhere\.crt: no such file/,
  );
});
