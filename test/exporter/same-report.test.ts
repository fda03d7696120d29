import { expect, test } from 'vitest';
import { isSameReport } from '../../src/exporter/same-report.ts';
import type { Report } from '../../src/model/report.ts';
import { atOnce } from '../../src/model/slices.ts';
import { bridge, report, vnet } from '../report/example.ts';

const VNETS = ['a', 'b', 'c'].map((domain) => vnet({ domain, vnet: `vnet-${domain}` }));
const REPORT = report(bridge({ vnets: VNETS }), bridge({ name: 'br1' }));
const isSame = (other: Report) => atOnce(isSameReport(REPORT, other));

test('a report that was only made at another time is the same', () => {
  expect(isSame({ ...structuredClone(REPORT), takenAt: REPORT.takenAt + 1 })).toBe(true);
});

const [first = bridge()] = REPORT.bridges;
const withBridge = (part: Partial<typeof first>): Report => ({
  ...REPORT,
  bridges: [{ ...first, ...part }, ...REPORT.bridges.slice(1)],
});
test.each<[string, Report]>([
  ['the policy', { ...REPORT, policySha256: 'other' }],
  ['a bridge fewer', { ...REPORT, bridges: [first] }],
  ['a fact of a bridge', withBridge({ defaultPvid: 7 })],
  ['an orphan', withBridge({ orphanPorts: ['tap9'] })],
  ['a domain that is expected', withBridge({ expectedVnets: new Map([['z', 1]]) })],
  ['a vnet fewer', withBridge({ vnets: VNETS.slice(0, 2) })],
  ['a vnet more', withBridge({ vnets: [...VNETS, vnet({ domain: 'd', vnet: 'vnet-d' })] })],
  [
    'the verdict of the last vnet',
    withBridge({ vnets: [...VNETS.slice(0, 2), vnet({ domain: 'c', vnet: 'vnet-c', verdict: 'unknown' })] }),
  ],
  ['what is unknown', { ...REPORT, unknowns: [{ kind: 'domain', name: 'x', problem: 'torn' }] }],
])('one that differs in %s is another', (_what, other) => {
  expect(isSame(other)).toBe(false);
});
