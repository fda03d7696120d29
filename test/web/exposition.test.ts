import { gunzipSync, inflateRawSync } from 'node:zlib';
import { expect, it } from 'vitest';
import type { Inputs } from '../../src/exporter/metric-inputs.ts';
import type { SelfInputs } from '../../src/report/metrics/self.ts';
import { createExposition } from '../../src/web/exposition.ts';
import { bridge, EXAMPLE, report, vnet } from '../report/example.ts';
import { statusAt } from '../support/status.ts';

const SELF: SelfInputs = {
  audits: {
    total: { startup: 1, schedule: 0, event: 0, reload: 0 },
    failures: 0,
    durationMs: 1,
    lastEndedAt: 2,
    lastSuccessAt: 1,
  },
  domainStates: undefined,
  collectors: [],
  watchers: [],
  kernelInterface: 'iproute2' as const,
  config: { lastReloadOk: true, lastSuccessAt: 1, edited: undefined, policySha256: 'ab' },
  web: undefined,
  build: { version: '0', node: 'v0' },
  process: { cpuSeconds: 0, startTime: 0, residentBytes: 0, openFds: 3 },
};
const DOMAINS = ['vyos-01'];
const STATUS = statusAt(1);
const STATS = { byDomain: new Map(), suppressed: 0 };

function inputs(of = EXAMPLE): Inputs {
  return {
    report: { report: of, maxVlanSeriesPerVnet: 64 },
    hook: { domains: DOMAINS, stats: STATS, installed: true },
    remediator: { report: of, remediator: { kind: 'absent' } },
  };
}

it('compressed, it is the same text as one member of gzip, whatever is empty', async () => {
  const nothing = { report: undefined, hook: undefined, remediator: undefined };
  const noHook = { ...inputs(), hook: { domains: DOMAINS, stats: undefined, installed: undefined } };
  for (const given of [nothing, noHook, inputs()]) {
    const exposition = createExposition();
    await exposition.refresh(given);
    const text = Buffer.concat(await exposition.scrape(SELF, false));
    const gzip = Buffer.concat(await exposition.scrape(SELF, true));
    expect(gunzipSync(gzip).equals(text)).toBe(true);
    // From the header to the trailer there is one deflate stream.
    expect(inflateRawSync(gzip.subarray(10, -8)).equals(text)).toBe(true);
  }
});

it('before the first report there are the metrics about the exporter itself', async () => {
  const text = Buffer.concat(await createExposition().scrape(SELF, false)).toString();
  expect(text).toContain('libvirt_vlan_audits_total{trigger="startup"} 1\n');
  expect(text).not.toContain('vnet');
});

it('a section is rendered again only when what it is made of has changed', async () => {
  const exposition = createExposition();
  await exposition.refresh(inputs());
  const before = await exposition.scrape(SELF, false);
  await exposition.refresh(inputs({ ...EXAMPLE, takenAt: EXAMPLE.takenAt + 15_000 }));
  const same = await exposition.scrape(SELF, false);
  expect(same[0]).toBe(before[0]);
  expect(same[1]).toBe(before[1]);
  expect(same[2]).toBe(before[2]);
  await exposition.refresh(inputs(report(...EXAMPLE.bridges)));
  const changed = await exposition.scrape(SELF, false);
  expect(changed[0]).not.toBe(before[0]);
  expect(changed[0]?.toString()).toBe(before[0]?.toString());
  expect(changed[1]).toBe(before[1]);
});

it('a remediator that dies shows, also where nothing else changes', async () => {
  const exposition = createExposition();
  const show = async (kind: 'current' | 'stale') => {
    await exposition.refresh({ ...inputs(), remediator: { report: EXAMPLE, remediator: { kind, status: STATUS } } });
    return Buffer.concat(await exposition.scrape(SELF, false)).toString();
  };
  expect(await show('current')).toContain('libvirt_vlan_remediator_up 1\n');
  expect(await show('stale')).toContain('libvirt_vlan_remediator_up 0\n');
});

it('another max_vlan_series_per_vnet shows at once', async () => {
  const exposition = createExposition();
  const show = async (maxVlanSeriesPerVnet: number) => {
    await exposition.refresh({ ...inputs(), report: { report: EXAMPLE, maxVlanSeriesPerVnet } });
    return Buffer.concat(await exposition.scrape(SELF, false)).toString();
  };
  expect(await show(64)).not.toBe(await show(1));
});

it('series of a vnet that has vanished vanish', async () => {
  const exposition = createExposition();
  const text = async () => Buffer.concat(await exposition.scrape(SELF, false)).toString();
  await exposition.refresh(inputs(report(bridge({ vnets: [vnet({ domain: 'gone-01', vnet: 'vnet3' })] }))));
  expect(await text()).toContain('gone-01');
  await exposition.refresh(inputs(report(bridge())));
  expect(await text()).not.toContain('gone-01');
  expect(await text()).not.toContain('vnet3');
});
