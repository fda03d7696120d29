// A fleet in one process: 50 simulated hosts, each with the real exporter on a port of its own, and one Prometheus.
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, it } from 'vitest';
import { type Service, startService } from '../../src/apps/exporter-service.ts';
import { createSimHost } from '../../src/host/sim/host.ts';
import type { BridgePolicy, Policy } from '../../src/model/policy.ts';
import { tableFrom, vid, vidRange } from '../../src/model/vlan.ts';
import { type Monitoring, startMonitoring } from './monitoring.ts';
import { freePort, until } from './processes.ts';

const HOSTS = 50;
const VNETS = 100;
const SCRAPES = 8;

const VLANS = [10, 20, 30, 40, 100, 110, 120].map((id) => vidRange(id));
const bridge: BridgePolicy = {
  name: 'br-mgmt',
  table: tableFrom(VLANS, vid(100)),
  uplinks: [],
  unexpected: 'report',
  rules: [],
  vlans: VLANS,
  intent: ['rules', 'vlan'],
  allowed: [vidRange(1, 4094)],
  host: undefined,
};
const policy: Policy = { bridges: [bridge], sha256: '0'.repeat(64) };
const settings = {
  policy,
  schedule: '*/15 * * * * *',
  hook: { identifiers: ['libvirt-hook'], waitMs: 15_000, failClosed: false },
  remediation: { maxHeals: 5, windowMs: 600_000, cooldownMs: 600_000, maxVnetsPerPolicyChange: 10 },
  metrics: { maxVlanSeriesPerVnet: 64 },
};
const log = { debug() {}, info() {}, warn() {}, error: console.error };

const services: Service[] = [];
let monitoring: Monitoring | undefined;
afterAll(async () => {
  await monitoring?.stop();
  for (const service of services) await service.stop();
});

/** Starts a host of which every tenth vnet has lost its PVID; resolves to its `host:port`. */
async function startHost(): Promise<string> {
  const host = createSimHost();
  host.addBridge('br-mgmt');
  for (let i = 0; i < VNETS; i += 1) {
    const mac = `52:54:00:00:00:${i.toString(16).padStart(2, '0')}`;
    const uuid = `00000000-0000-4000-8000-${`${i}`.padStart(12, '0')}`;
    host.start({ name: `vm-${i}`, uuid, interfaces: [{ mac, bridge: 'br-mgmt' }] });
    const pvid = vid(i % 10 === 0 ? 10 : 100);
    for (const tap of host.taps(`vm-${i}`)) {
      host.setTable(tap, tableFrom(VLANS, pvid));
    }
  }
  const port = await freePort();
  const addresses = [{ host: '127.0.0.1', port }];
  services.push(
    await startService({
      host,
      load: () => settings,
      log,
      addresses,
      telemetryPath: '/metrics',
      maxRequests: 40,
      lifecycle: false,
      hostname: 'sim',
    }),
  );
  return `127.0.0.1:${port}`;
}

it(`measures ${HOSTS} hosts of ${VNETS} vnets`, async () => {
  const targets: string[] = [];
  for (let i = 0; i < HOSTS; i += 1) targets.push(await startHost());
  monitoring = await startMonitoring({ targets, receiver: await freePort() });
  const { query, prometheus } = monitoring;
  const value = async (expr: string) => Number((await query(expr))[0]?.value[1]);
  await until(
    'every host was scraped often enough',
    async () => (await value(`min(count_over_time(up{job="libvirt-vlan-exporter"}[1h]))`)) >= SCRAPES,
    300_000,
  );
  await sleep(20_000);
  const own = await (await fetch(`${prometheus}/metrics`)).text();
  const ofProm = (name: string) =>
    [...own.matchAll(new RegExp(`^${name}(?:\\{([^}]*)\\})? ([0-9.e+-]+)$`, 'gm'))].map(
      ([, labels = '', v]) => [labels, Number(v)] as const,
    );
  const one = (name: string) => ofProm(name)[0]?.[1] ?? Number.NaN;
  const groups = ofProm('prometheus_rule_group_last_duration_seconds').map(([labels, v]) => [
    /;([a-z-]+)/.exec(labels)?.[1] ?? labels,
    `${(v * 1000).toFixed(1)} ms`,
  ]);
  const body = await (await fetch(`http://${targets[0]}/metrics`)).text();
  console.table({
    'series of one host': await value('max(scrape_samples_scraped)'),
    'vnet_vlan_member of one host': await value('max(count by (instance) (libvirt_vlan_vnet_vlan_member))'),
    'series in the head': one('prometheus_tsdb_head_series'),
    'recorded series': await value('count({__name__=~"libvirt_vlan:.+"})'),
    'alerts firing': await value('count(ALERTS{alertstate="firing"})'),
    'scrape, median (ms)': 1000 * (await value('quantile(0.5, max_over_time(scrape_duration_seconds[1m]))')),
    'scrape, worst (ms)': 1000 * (await value('max(max_over_time(scrape_duration_seconds[1m]))')),
    'scrape body (bytes)': body.length,
    'scrape body, gzip (bytes)': gzipSync(body).length,
    'Prometheus resident (MB)': one('process_resident_memory_bytes') / 1e6,
    'Prometheus CPU (seconds a second)':
      one('process_cpu_seconds_total') / (Date.now() / 1000 - one('process_start_time_seconds')),
    ...Object.fromEntries(groups),
  });
  expect(await value('count(up == 1)')).toBe(HOSTS);
});
