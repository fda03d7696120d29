// A report with one of everything, written by hand: what the golden /metrics and the page's tests show.
import type { BridgeReport, Report, VnetReport } from '../../src/model/report.ts';
import { parseTable, type Vids, type VlanTable, vidRange, vidsFrom } from '../../src/model/vlan.ts';

export const AT = Date.UTC(2026, 1, 3, 4, 5, 6);
export const POLICY_SHA256 = '5b1f'.repeat(16);

const vids = (...ids: number[]): Vids => vidsFrom(ids.map((id) => vidRange(id)));

/** `table('10 100*')`: the PVID marked `*` and untagged, others tagged; `u` untagged, `*t` a tagged PVID. */
export function table(text: string): VlanTable {
  return parseTable(text || 'none');
}

export function vnet(part: Partial<VnetReport> & Pick<VnetReport, 'domain' | 'vnet'>): VnetReport {
  const actual = table('10 20 100*');
  return {
    bridge: 'br-mgmt',
    uuid: '6f0d3b2e-0000-4000-8000-000000000001',
    mac: '52:54:00:00:00:01',
    expected: { rule: 'pvid100', table: table('10 20 100*') },
    actual,
    missing: [],
    unexpected: [],
    mistagged: [],
    untouchable: undefined,
    target: table('10 20 100*'),
    verdict: 'compliant',
    findings: [],
    ...part,
  };
}

export function bridge(part: Partial<BridgeReport> = {}): BridgeReport {
  return {
    name: 'br-mgmt',
    present: true,
    vlanFiltering: true,
    defaultPvid: 1,
    vnets: [],
    expectedVnets: new Map(),
    orphanPorts: [],
    findings: [],
    warnings: [],
    ...part,
  };
}

export function report(...bridges: BridgeReport[]): Report {
  return { takenAt: AT, policySha256: POLICY_SHA256, bridges, unknowns: [], portless: [] };
}

const wrong = vnet({
  domain: 'vyos-01',
  vnet: 'vnet7',
  mac: '52:54:00:00:00:07',
  actual: table('1* 10 30'),
  missing: vids(20, 100),
  unexpected: vids(1, 30),
  verdict: 'drifted',
  findings: [
    { reason: 'pvid_wrong', bridge: 'br-mgmt', domain: 'vyos-01', vnet: 'vnet7', expected: '100', actual: '1' },
    { reason: 'vlan_missing', bridge: 'br-mgmt', domain: 'vyos-01', vnet: 'vnet7', expected: '20 100', actual: 'none' },
    {
      reason: 'vlan_unexpected',
      bridge: 'br-mgmt',
      domain: 'vyos-01',
      vnet: 'vnet7',
      expected: 'none',
      actual: '1 30',
    },
  ],
});
const odd = vnet({ domain: 'odd "name"\\', vnet: 'tap-web.1', uuid: undefined, mac: 'fe:54:00:00:00:09' });

/** Two bridges: one with a compliant and a drifted vnet and an interface whose tap is missing, one that does not exist. */
export const EXAMPLE: Report = report(
  bridge({
    vnets: [odd, wrong],
    expectedVnets: new Map([
      ['lost-01', 1],
      ['odd "name"\\', 1],
      ['vyos-01', 1],
    ]),
    orphanPorts: ['tap9'],
    findings: [
      ...wrong.findings,
      {
        reason: 'not_on_bridge',
        bridge: 'br-mgmt',
        domain: 'lost-01',
        vnet: undefined,
        expected: 'vnet12 on br-mgmt',
        actual: 'no such port',
      },
    ],
  }),
  bridge({ name: 'br-none', present: false, vlanFiltering: undefined, defaultPvid: undefined }),
);
