// alerts/README.md, "Quick look with Prometheus": the commands as they stand there, but on free ports and in a folder of our own.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { answers, freePort, until } from './processes.ts';

const TOP = new URL('../../', import.meta.url).pathname;
const SECTION = /## Quick look[\s\S]*?(?=\n## )/.exec(readFileSync(`${TOP}alerts/README.md`, 'utf8'))?.[0] ?? '';
const [install = '', start = '', ask = ''] = [...SECTION.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block]) => block);

const folder = mkdtempSync(join(tmpdir(), 'vlan-quick-look-'));
let shell: ChildProcess;
let ports: Readonly<Record<'19177' | '9090' | '9093', number>>;
let output = '';

const here = (text: string) =>
  Object.entries(ports)
    .reduce((changed, [port, free]) => changed.replaceAll(`127.0.0.1:${port}`, `127.0.0.1:${free}`), text)
    .replaceAll('/tmp/quick-look', folder)
    .replace('cd alerts', `cd ${folder}/alerts`)
    .replace('--no-heal', `--no-heal --web.listen-address=127.0.0.1:${ports['19177']}`);

beforeAll(async () => {
  ports = { 19177: await freePort(), 9090: await freePort(), 9093: await freePort() };
  cpSync(`${TOP}alerts`, `${folder}/alerts`, { recursive: true });
  const config = `${folder}/alerts/prometheus.example.yml`;
  writeFileSync(config, here(readFileSync(config, 'utf8')));
  // A process group of its own, so that what the shell leaves in the background can be ended with it.
  shell = spawn('bash', ['-c', `${here(start)}\nwait`], {
    cwd: TOP,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [shell.stdout, shell.stderr]) stream?.on('data', (data) => (output += data));
  for (const [port, path] of [
    ['19177', '/-/ready'],
    ['9090', '/-/ready'],
    ['9093', '/-/ready'],
  ] as const) {
    await until(`port ${port} answers\n${output}`, () => answers(`http://127.0.0.1:${ports[port]}${path}`));
  }
}, 120_000);

afterAll(async () => {
  const ended = new Promise((resolve) => shell.once('exit', resolve));
  const group = -(shell.pid ?? 0);
  if (group !== 0) process.kill(group, 'SIGTERM');
  await ended;
  // Alertmanager writes its files once more when it ends, and the shell does not wait for it.
  await until('all have ended', () => Promise.resolve(group === 0 || !isThere(group)));
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
});

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

it('installs what it starts', () => {
  expect(install).toContain('apt-get install -y --no-install-recommends prometheus prometheus-alertmanager\n');
});

it('scrapes the demo', async () => {
  const up = async () => {
    const response = await fetch(`http://127.0.0.1:${ports['9090']}/api/v1/query?query=up`);
    const { data } = (await response.json()) as {
      data: { result: { metric: Record<string, string>; value: [number, string] }[] };
    };
    return data.result.some(({ metric, value }) => metric.job === 'libvirt-vlan-exporter' && value[1] === '1');
  };
  await until('the demo is scraped', up);
});

it('shows a wrong PVID in Alertmanager within the two minutes that it says', async () => {
  const asked = () => execFileSync('bash', ['-c', here(ask)], { encoding: 'utf8' });
  await until('the alert', () => asked().includes('LibvirtVlanPvidWrong'), 150_000);
  expect(asked()).toMatch(/LibvirtVlanPvidWrong .*Wrong PVID: \S+ on 127\.0\.0\.1:\d+ .*active/);
}, 180_000);
