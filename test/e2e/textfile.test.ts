// `metrics --textfile` with Debian's node_exporter: its scrape has the series that the exporter's own has.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createActs } from '../../src/apps/demo/acts.ts';
import { createDemoHost, fleet } from '../../src/apps/demo/fleet.ts';
import { startService } from '../../src/apps/exporter-service.ts';
import { runMetrics } from '../../src/cli/metrics.ts';
import { parseSettings } from '../../src/config/load.ts';
import { replaceFile } from '../../src/host/linux/replace-file.ts';
import type { Log } from '../../src/model/log.ts';
import { AUDIT_FAMILIES, SELF_FAMILIES } from '../../src/report/metrics/self.ts';
import { parseAddress } from '../../src/web/listen.ts';
import shippedConfig from '../../systemd/config.yml?raw';
import { answers, freePort, type Program, start, until } from './processes.ts';

const FILE = '/etc/libvirt-vlan-exporter/config.yml';
const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {} };
const folder = mkdtempSync(join(tmpdir(), 'vlan-textfile-'));
const textfile = join(folder, 'libvirt-vlan.prom');
let nodeExporter: Program;
let url = '';

function host() {
  const settings = parseSettings(shippedConfig, FILE);
  const sim = createDemoHost(settings.policy);
  sim.writeFile(FILE, shippedConfig);
  const vms = fleet(settings.policy, 100);
  const acts = createActs(sim, settings.policy, vms);
  for (const vm of vms) {
    sim.define(vm);
    acts.start(vm.name);
  }
  acts.breakPvid('vyos-01');
  return sim;
}

beforeAll(async () => {
  url = `http://127.0.0.1:${await freePort()}`;
  // What it writes is for another program: it lands on this machine.
  expect(await runMetrics({ ...host(), replaceFile }, { 'config.file': FILE, textfile })).toBe(1);
  nodeExporter = await start(
    'prometheus-node-exporter',
    [
      '--collector.disable-defaults',
      '--collector.textfile',
      `--collector.textfile.directory=${folder}`,
      `--web.listen-address=${new URL(url).host}`,
    ],
    () => answers(`${url}/metrics`),
  );
});

afterAll(async () => {
  await nodeExporter?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const get = async (base: string) => (await fetch(new URL('/metrics', base))).text();
const DAEMON = SELF_FAMILIES.filter((family) => !(AUDIT_FAMILIES as readonly unknown[]).includes(family));

/** What is ours, as name → labels; node_exporter sorts labels and writes numbers in its own way. */
function seriesOf(text: string): readonly string[] {
  return text
    .split('\n')
    .filter((line) => /^libvirt_vlan_/.test(line))
    .filter((line) => !DAEMON.some(({ name }) => new RegExp(`^${name}[ {]`).test(line)))
    .map((line) => {
      const [, name = '', labels = ''] = /^([a-z_]+)(?:\{(.*)\})? \S+$/.exec(line) ?? [];
      return `${name}{${
        labels
          .match(/[a-z_]+="(?:[^"\\]|\\.)*"/g)
          ?.sort()
          .join(',') ?? ''
      }}`;
    })
    .sort();
}

it("node_exporter shows the series of the exporter's own scrape, and finds no fault with the file", async () => {
  const service = await startService({
    host: host(),
    load: () => parseSettings(shippedConfig, FILE),
    log: SILENT,
    addresses: [parseAddress('127.0.0.1:0')],
    telemetryPath: '/metrics',
    maxRequests: 40,
    lifecycle: false,
    hostname: 'kvm-01',
  });
  try {
    await until('the journal is counted', () => service.exporter.state().hook?.stats.ok === true);
    await service.settled();
    const shown = await get(url);
    expect(shown).toContain('node_textfile_scrape_error 0\n');
    expect(seriesOf(shown).length).toBeGreaterThan(500);
    expect(seriesOf(shown)).toEqual(seriesOf(await get(service.urls[0] ?? '')));
  } finally {
    await service.stop();
  }
});

it('promtool has nothing to say about it', () => {
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
    input: readFileSync(textfile),
    encoding: 'utf8',
  });
  expect([status, stdout, stderr]).toEqual([0, '', '']);
});
