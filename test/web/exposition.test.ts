import { gunzipSync, inflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Inputs } from '../../src/exporter/metric-inputs.ts';
import { type DomainHookStats, NOTHING_COUNTED } from '../../src/model/hook-stats.ts';
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

describe('a counter of the hook', () => {
  const errors = (count: number, at = 1000): DomainHookStats => ({
    ...NOTHING_COUNTED,
    errors: count,
    lastError: { at, text: 'x' },
  });
  /** What is told after each change: of each domain the errors, and the seconds of the last one. */
  function teller() {
    const exposition = createExposition();
    return async (domains: readonly string[], byDomain: Readonly<Record<string, DomainHookStats>> | undefined) => {
      const stats = byDomain && { byDomain: new Map(Object.entries(byDomain)), suppressed: 0 };
      await exposition.refresh({ ...inputs(), hook: { domains, stats, installed: true } });
      const text = Buffer.concat(await exposition.scrape(SELF, false)).toString();
      const series = (name: string) =>
        Object.fromEntries(
          [...text.matchAll(new RegExp(`^libvirt_vlan_hook_${name}{domain="(.*)"} (.*)$`, 'gm'))].map(
            ([, domain, value]) => [domain, Number(value)],
          ),
        );
      return { errors: series('errors_total'), last: series('last_error_timestamp_seconds') };
    };
  }

  it('keeps what it has where the domain is undefined: nothing old is news of (other)', async () => {
    const tell = teller();
    await tell(['a', 'b'], { a: errors(5) });
    expect((await tell(['b'], { a: errors(5) })).errors).toEqual({ a: 5, b: 0, '(other)': 0 });
    expect((await tell(['b'], { a: errors(6) })).errors).toEqual({ a: 6, b: 0, '(other)': 0 });
  });

  it('does not fall in (other) where a domain becomes known, which has its own from then on', async () => {
    const tell = teller();
    expect(await tell(['a'], { b: errors(2, 2000), c: errors(1) })).toEqual({
      errors: { a: 0, '(other)': 3 },
      last: { a: 0, '(other)': 2 },
    });
    expect(await tell(['a', 'b'], { b: errors(2, 2000), c: errors(1) })).toEqual({
      errors: { a: 0, b: 2, '(other)': 3 },
      last: { a: 0, b: 2, '(other)': 1 },
    });
    const then = { b: errors(7, 3000), c: errors(2), d: errors(1, 4000) };
    expect(await tell(['a', 'b'], then)).toEqual({
      errors: { a: 0, b: 7, '(other)': 5 },
      last: { a: 0, b: 3, '(other)': 4 },
    });
  });

  it('goes on where it was when the journal can be read again, of other hooks too', async () => {
    const tell = teller();
    await tell(['a'], { a: errors(1), b: errors(4) });
    expect((await tell(['a'], undefined)).errors).toEqual({});
    expect((await tell([], { a: errors(2), b: errors(1) })).errors).toEqual({ a: 2, '(other)': 4 });
    expect((await tell([], { a: errors(2), b: errors(2) })).errors).toEqual({ a: 2, '(other)': 5 });
  });

  it('has no series of its own for a name that was never a domain', async () => {
    const tell = teller();
    const names = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`vm-${i}`, errors(1)]));
    for (const domains of [['a'], []]) expect((await tell(domains, names)).errors).toMatchObject({ '(other)': 100 });
    expect((await tell([], names)).errors).toEqual({ '(other)': 100 });
  });
});
