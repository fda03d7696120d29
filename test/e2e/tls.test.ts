// TLS, passwords and client certificates with real clients: Debian's Prometheus, Chromium, openssl(1).
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import bcryptjs from 'bcryptjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Authority, createFolder, type Folder } from '../web/certificates.ts';
import { launch } from './browser.ts';
import { answers, freePort, type Program, start, until } from './processes.ts';

const MAIN = new URL('../../dist/main.js', import.meta.url).pathname;
const PASSWORD = 'correct horse';

let folder: Folder;
let ca: Authority;
const programs: Program[] = [];
let ports: Readonly<Record<'password' | 'certificate' | 'control' | 'prometheus', number>>;

beforeAll(async () => {
  folder = createFolder();
  ca = folder.authority('ca');
  ca.issue('server', { key: 'rsa' });
  ca.issue('client');
  folder.authority('other-ca').issue('stranger');
  ports = {
    password: await freePort(),
    certificate: await freePort(),
    control: await freePort(),
    prometheus: await freePort(),
  };
  const pair = 'tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n';
  folder.write('password.yml', `${pair}basic_auth_users:\n  scraper: ${bcryptjs.hashSync(PASSWORD, 10)}\n`);
  folder.write(
    'certificate.yml',
    `${pair}  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n  client_allowed_sans: [localhost]\n`,
  );
  const listens = (port: number) => () => spawnSync('bash', ['-c', `exec 3<>/dev/tcp/127.0.0.1/${port}`]).status === 0;
  for (const name of ['password', 'certificate'] as const) {
    const args = ['demo', '--no-drift', '--no-restarts', '--no-heal', '--log.level', 'info'];
    const control = name === 'password' ? ['--control', `127.0.0.1:${ports.control}`] : [];
    const web = ['--web.config.file', folder.file(`${name}.yml`), '--web.listen-address', `127.0.0.1:${ports[name]}`];
    const ready = async () => listens(ports[name])();
    programs.push(await start(process.execPath, [MAIN, ...args, ...web, ...control], ready));
  }
  const job = (name: string, port: number, more: string) => `
  - job_name: ${name}
    scheme: https
    static_configs: [{ targets: ["localhost:${port}"] }]
    ${more}`;
  const trust = 'ca_file: ca.crt';
  const login = (password: string) => `basic_auth: { username: scraper, password: "${password}" }`;
  const shown = (name: string) => `tls_config: { ${trust}, cert_file: ${name}.crt, key_file: ${name}.key }`;
  folder.write(
    'prometheus.yml',
    `global: { scrape_interval: 1s, scrape_timeout: 1s }
scrape_configs:${[
      job('password', ports.password, `tls_config: { ${trust} }\n    ${login(PASSWORD)}`),
      job('wrong-password', ports.password, `tls_config: { ${trust} }\n    ${login('wrong')}`),
      job('no-password', ports.password, `tls_config: { ${trust} }`),
      job('untrusting', ports.password, `tls_config: { ca_file: other-ca.crt }\n    ${login(PASSWORD)}`),
      job('certificate', ports.certificate, shown('client')),
      job('wrong-certificate', ports.certificate, shown('stranger')),
      job('no-certificate', ports.certificate, `tls_config: { ${trust} }`),
    ].join('')}
`,
  );
  programs.push(
    await start(
      'prometheus',
      [
        `--config.file=${folder.file('prometheus.yml')}`,
        `--storage.tsdb.path=${folder.file('tsdb')}`,
        `--web.listen-address=127.0.0.1:${ports.prometheus}`,
        '--log.level=debug',
      ],
      () => answers(`http://127.0.0.1:${ports.prometheus}/-/ready`),
    ),
  );
}, 120_000);

afterAll(async () => {
  for (const program of programs.toReversed()) await program.stop();
  folder.remove();
});

async function query(expr: string): Promise<Readonly<Record<string, number>>> {
  const url = `http://127.0.0.1:${ports.prometheus}/api/v1/query?query=${encodeURIComponent(expr)}`;
  const { data } = (await (await fetch(url)).json()) as {
    data: { result: readonly { metric: { job: string }; value: readonly [number, string] }[] };
  };
  return Object.fromEntries(data.result.map(({ metric, value }) => [metric.job, Number(value[1])]));
}

describe('Prometheus', () => {
  it('scrapes with the password, and with the client certificate; whatever else is a target that is down', async () => {
    await until('each is scraped', async () => Object.keys(await query('up')).length === 7);
    await until('the first scrape succeeds', async () => (await query('up')).password === 1);
    await until('each has been scraped three times', async () =>
      Object.values(await query('count_over_time(up[1m])')).every((count) => count >= 3),
    );
    expect(await query('up')).toEqual({
      password: 1,
      'wrong-password': 0,
      'no-password': 0,
      untrusting: 0,
      certificate: 1,
      'wrong-certificate': 0,
      'no-certificate': 0,
    });
    expect(Object.keys(await query('libvirt_vlan_tls_certificate_expiry_timestamp_seconds')).sort()).toEqual([
      'certificate',
      'password',
    ]);
  });

  it('misses no scrape while the certificate is renewed five times', async () => {
    const serial = () => served(ports.password).match(/serial=(\S+)/)?.[1];
    const seen = new Set([serial()]);
    const began = Date.now() / 1000;
    for (let i = 0; i < 5; i++) {
      ca.issue('server', { key: 'rsa' });
      await until('the new certificate is shown', () => {
        const size = seen.size;
        return seen.add(serial()).size > size;
      });
    }
    // Nothing from before: the very first scrape waits for the first hash, and may take too long on a busy machine.
    const during = async (what: string) => query(`${what}_over_time(up[${Math.floor(Date.now() / 1000 - began)}s])`);
    await until('it is scraped on', async () => ((await during('count')).password ?? 0) >= 5);
    const { password, certificate } = await during('min');
    const failures = programs[2]?.output().match(/.*msg="Scrape failed".*scrape_pool=(password|certificate) .*/g);
    expect({ password, certificate }, failures?.join('\n')).toEqual({ password: 1, certificate: 1 });
  });
});

/** The certificate that openssl's client is shown. */
function served(port: number): string {
  const command = `openssl s_client -connect localhost:${port} </dev/null 2>/dev/null | openssl x509 -noout -serial -enddate`;
  return spawnSync('bash', ['-c', command], { encoding: 'utf8' }).stdout;
}

describe('openssl s_client', () => {
  const connects = (...args: readonly string[]) =>
    spawnSync('openssl', ['s_client', '-connect', `localhost:${ports.password}`, ...args], { input: '' }).status === 0;

  it('is offered TLS 1.2 and 1.3, and neither 1.1 nor 1.0', () => {
    const old = ['-cipher', 'ALL:@SECLEVEL=0'];
    expect([connects('-tls1_3'), connects('-tls1_2')]).toEqual([true, true]);
    expect([connects('-tls1_1', ...old), connects('-tls1', ...old)]).toEqual([false, false]);
  });

  it('is offered, by TLS 1.2, suites with forward secrecy and authenticated encryption alone', () => {
    const all = spawnSync('openssl', ['ciphers', '-s', '-tls1_2', 'ALL:@SECLEVEL=0'], { encoding: 'utf8' })
      .stdout.trim()
      .split(':')
      .filter((name) => !/PSK|SRP|^TLS_/.test(name));
    expect(all.length).toBeGreaterThan(20);
    expect(all.filter((name) => connects('-tls1_2', '-cipher', `${name}:@SECLEVEL=0`)).sort()).toEqual([
      'ECDHE-RSA-AES128-GCM-SHA256',
      'ECDHE-RSA-AES256-GCM-SHA384',
      'ECDHE-RSA-CHACHA20-POLY1305',
    ]);
  }, 120_000);
});

describe('Chromium', () => {
  it('shows the live page by TLS and a password, and a drift at once', async () => {
    const browser = await launch();
    try {
      const url = `https://localhost:${ports.password}/`;
      const options = { ignoreHTTPSErrors: true, viewport: { width: 1280, height: 900 } };
      const stranger = await browser.newContext(options);
      expect((await (await stranger.newPage()).goto(url).catch(() => null))?.status() ?? 401).toBe(401);
      const context = await browser.newContext({
        ...options,
        httpCredentials: { username: 'scraper', password: PASSWORD },
      });
      const page = await context.newPage();
      page.on('pageerror', (error) => expect.unreachable(`error in the page: ${error.message}`));
      expect((await page.goto(url))?.status()).toBe(200);
      await page.locator('#live.on').waitFor();
      expect(await page.evaluate("performance.getEntriesByType('navigation')[0].nextHopProtocol")).toBe('h2');
      const before = await page.locator('h1').textContent();
      const order = await fetch(`http://127.0.0.1:${ports.control}/break-pvid?domain=vyos-01`, { method: 'POST' });
      expect(await order.text()).toContain('PVID set to');
      await until('the page tells of the drift', async () => (await page.locator('h1').textContent()) !== before);
      expect(await page.locator('h1').textContent()).toMatch(/has drifted/);
    } finally {
      await browser.close();
    }
  });
});

it('a web config that becomes bad is told, and who scrapes does not notice', async () => {
  writeFileSync(folder.file('certificate.yml'), 'tls_server_config: junk\n');
  const facts = async () => (await query('libvirt_vlan_web_config_last_reload_successful')).certificate;
  await until('the metric tells', async () => (await facts()) === 0);
  expect((await query('up')).certificate).toBe(1);
  expect(programs[1]?.output()).toMatch(/web config refused/);
});
