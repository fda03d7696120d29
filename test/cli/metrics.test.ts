// `metrics`: what it prints is what a scrape of the exporter shows.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it, onTestFinished, vi } from 'vitest';
import { startService } from '../../src/apps/exporter-service.ts';
import { runMetrics } from '../../src/cli/metrics.ts';
import { parseSettings } from '../../src/config/load.ts';
import type { Host } from '../../src/host/host.ts';
import { replaceFile } from '../../src/host/linux/replace-file.ts';
import { AUDIT_FAMILIES, SELF_FAMILIES } from '../../src/report/metrics/self.ts';
import { parseAddress } from '../../src/web/listen.ts';
import { CONFIG, DRIFTED, logSpy, simulatedHost } from '../exporter/fixture.ts';
import { outputOf } from '../support/output.ts';

const FILE = '/etc/libvirt-vlan-exporter/config.yml';

function host() {
  const sim = simulatedHost();
  sim.writeFile(FILE, CONFIG);
  return Object.assign(sim, { replaceFile });
}

const printed = (of: ReturnType<typeof host>) => outputOf(() => runMetrics(of, { 'config.file': FILE }));

async function scraped(of: ReturnType<typeof host>): Promise<string> {
  const service = await startService({
    host: of,
    log: logSpy(),
    load: () => parseSettings(CONFIG, FILE),
    addresses: [parseAddress('127.0.0.1:0')],
    telemetryPath: '/metrics',
    maxRequests: 40,
    lifecycle: false,
    hostname: 'kvm-01',
  });
  onTestFinished(() => service.stop());
  await service.settled();
  const journal = () => expect(service.exporter.state().hook?.stats.ok).toBe(true);
  await vi.waitFor(journal, 10_000);
  await service.settled();
  return (await fetch(new URL('/metrics', service.urls[0]))).text();
}

// Its name and its labels; HELP and TYPE as they are.
const seriesOf = (text: string) =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (line.startsWith('#') ? line : line.replace(/ \S+$/, '')))
    .sort();

const DAEMON = SELF_FAMILIES.filter((family) => !(AUDIT_FAMILIES as readonly unknown[]).includes(family));

afterEach(() => vi.restoreAllMocks());

it('the series, their HELP and TYPE are those of a scrape, but for what only a daemon knows', async () => {
  const scrape = seriesOf(await scraped(host())).filter(
    (line) => !DAEMON.some(({ name }) => new RegExp(`^(# (HELP|TYPE) )?${name}([ {]|$)`).test(line)),
  );
  expect(seriesOf((await printed(host())).out)).toEqual(scrape);
});

it('what is about vnets has the same values, too', async () => {
  const about = (text: string) =>
    text.split('\n').filter((line) => /^libvirt_vlan_(vnet|bridge|domain|hook|remediat)/.test(line));
  const text = about((await printed(host())).out);
  expect(text.length).toBeGreaterThan(20);
  expect(text).toEqual(about(await scraped(host())));
});

it('the exit status is that of check', async () => {
  const drifted = host();
  expect((await printed(drifted)).status).toBe(0);
  drifted.setTable('vnet0', DRIFTED);
  expect((await printed(drifted)).status).toBe(1);
});

it('where no bridge is watched, that is said, and it is 2', async () => {
  const none = host();
  none.writeFile(FILE, 'bridges: {}\n');
  const { status, err } = await printed(none);
  expect([status, err]).toEqual([2, 'libvirt-vlan-exporter: no bridge is watched: the config names none\n']);
});

it('a bridge that is not there is told, beside what could not be read, and nothing twice', async () => {
  const sim = host();
  sim.writeFile(FILE, `${CONFIG}  gone0: { vlans: [10], pvid: 100 }\n`);
  const absent = 'libvirt-vlan-exporter: cannot tell: bridge gone0: there is no such bridge\n';
  const before = await printed(sim);
  expect([before.status, before.err]).toEqual([2, absent]);
  sim.writeFile('/run/libvirt/qemu/torn\x1b.xml', '<domst');
  const { err } = await printed(sim);
  expect(err.split('\n').toSorted()).toEqual([
    '',
    expect.stringMatching(/^libvirt-vlan-exporter: cannot be read: domain torn\\x1b: [^;]*$/),
    absent.trim(),
  ]);
});

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'vlan-textfile-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

it('a textfile is replaced at once, may be read by all, and nothing else is left there', async () => {
  const path = folder();
  const file = join(path, 'vlan.prom');
  writeFileSync(file, 'old\n');
  await runMetrics(host(), { 'config.file': FILE, textfile: file });
  expect(readFileSync(file, 'utf8')).toMatch(/^# HELP libvirt_vlan_[\s\S]*\n$/);
  expect(statSync(file).mode & 0o777).toBe(0o644);
  expect(readdirSync(path)).toEqual(['vlan.prom']);
});

it('a config that is refused leaves the former textfile alone; a folder that is not there is named', async () => {
  const file = join(folder(), 'vlan.prom');
  writeFileSync(file, 'old\n');
  const broken = host();
  broken.writeFile(FILE, 'bridges: 1\n');
  await expect(runMetrics(broken, { 'config.file': FILE, textfile: file })).rejects.toThrow(FILE);
  expect(readFileSync(file, 'utf8')).toBe('old\n');
  await expect(runMetrics(host(), { 'config.file': FILE, textfile: '/nowhere/vlan.prom' })).rejects.toThrow(
    /--textfile \/nowhere\/vlan\.prom: cannot be written: ENOENT/,
  );
});

it('what could not be read is told on stderr', async () => {
  const sim = host();
  const told = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  expect(await runMetrics(sim, { 'config.file': FILE })).toBe(0);
  expect(told).not.toHaveBeenCalled();
  sim.sabotage((line) => line.startsWith('bridge'), { exitCode: 1, stderr: 'no' });
  sim.writeFile('/run/libvirt/qemu/torn.xml', '<domst');
  const read: Host['journal']['read'] = async () => ({ ok: false, error: 'no journal' });
  expect(await runMetrics({ ...sim, journal: { ...sim.journal, read } }, { 'config.file': FILE })).toBe(2);
  expect(told.mock.calls.map(([text]) => String(text))).toEqual([
    expect.stringMatching(/^libvirt-vlan-exporter: cannot be read: .*vlans: .*torn/),
    'libvirt-vlan-exporter: the journal cannot be read: no journal\n',
  ]);
});
