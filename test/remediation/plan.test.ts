import { expect, test } from 'vitest';
import { REASON, type Reason } from '../../src/model/reasons.ts';
import type { BridgeReport, Finding, Report, VnetReport } from '../../src/model/report.ts';
import { vidRange } from '../../src/model/vlan.ts';
import { plan } from '../../src/remediation/plan.ts';
import { table } from '../support/policy.ts';

const finding = (reason: Reason, vnet: string | undefined, domain = 'vm-1'): Finding => ({
  reason,
  bridge: 'br-mgmt',
  domain,
  vnet,
  expected: 'E',
  actual: 'A',
});

const vnet = (fields: Partial<VnetReport>): VnetReport => ({
  bridge: 'br-mgmt',
  vnet: 'vnet1',
  domain: 'vm-1',
  uuid: undefined,
  mac: '52:54:00:00:00:01',
  expected: { rule: 'default', table: table('10 100*') },
  actual: table('1*'),
  target: table('10 100*'),
  missing: [],
  unexpected: [],
  mistagged: [],
  untouchable: undefined,
  verdict: 'drifted',
  findings: [],
  ...fields,
});

const report = (vnets: readonly VnetReport[], fields: Partial<BridgeReport> = {}): Report => ({
  takenAt: 0,
  policySha256: '',
  unknowns: [],
  portless: [],
  bridges: [
    {
      name: 'br-mgmt',
      present: true,
      vlanFiltering: true,
      defaultPvid: 1,
      vnets,
      expectedVnets: new Map(),
      orphanPorts: [],
      findings: vnets.flatMap((v) => v.findings),
      warnings: [],
      ...fields,
    },
  ],
});

const refusals = (r: Report, ...domains: string[]) =>
  plan(r, domains).refusals.map((x) => [x.vnet, `${x.reason}: ${x.text}`]);

test('a drifted vnet is planned from its actual table to its target', () => {
  const { vnets, refusals } = plan(report([vnet({})]));
  expect(vnets).toMatchObject([{ vnet: 'vnet1', domain: 'vm-1', before: table('1*'), after: table('10 100*') }]);
  expect(refusals).toEqual([]);
});

test('a compliant vnet is neither planned nor refused', () => {
  const well = vnet({ verdict: 'compliant', target: table('1*') });
  for (const vlanFiltering of [true, false])
    expect(plan(report([well], { vlanFiltering }))).toEqual({ vnets: [], refusals: [] });
});

test('only the domains that are asked for are planned or refused', () => {
  const both = report([vnet({}), vnet({ vnet: 'vnet2', domain: 'vm-2', verdict: 'unknown', actual: undefined })]);
  expect(plan(both, ['vm-1'])).toMatchObject({ vnets: [{ domain: 'vm-1' }], refusals: [] });
  expect(plan(both, ['vm-2'])).toMatchObject({ vnets: [], refusals: [{ domain: 'vm-2' }] });
  const own = report([], {
    findings: [finding('not_on_bridge', 'vnet2', 'vm-2'), finding('filtering_off', undefined, 'vm-1')],
  });
  expect(refusals(own, 'vm-2')).toEqual([['vnet2', expect.stringMatching(/^not_on_bridge/)]]);
});

test.each([
  ['a bridge that does not filter', vnet({}), { vlanFiltering: false }, /^filtering_off: .*br-mgmt/],
  ['a bridge that could not be read', vnet({}), { vlanFiltering: undefined }, /^unknown: /],
  ['an ambiguous MAC', vnet({ findings: [finding('mac_ambiguous', 'vnet1')] }), {}, /^mac_ambiguous: A/],
  ['an unknown vnet', vnet({ verdict: 'unknown', actual: undefined, target: undefined }), {}, /^unknown: /],
  ['a vnet whose VLANs could not be read', vnet({ actual: undefined }), {}, /^unknown: /],
  ['a vnet without a target', vnet({ target: undefined }), {}, /^unknown: /],
  ['an unknown vnet whose tables look fine', vnet({ verdict: 'unknown' }), {}, /^unknown: /],
] as const)('%s is refused with its reason', (_, v, fields, reason) => {
  expect(plan(report([v], fields)).vnets).toEqual([]);
  expect(refusals(report([v], fields))).toEqual([['vnet1', expect.stringMatching(reason)]]);
});

test('an unexpected VLAN under "unexpected: report" stays and is named, while the rest is healed', () => {
  const v = vnet({ actual: table('1* 66'), target: table('10 66 100*'), unexpected: [vidRange(1), vidRange(66)] });
  expect(plan(report([v])).vnets).toHaveLength(1);
  expect(refusals(report([v]))).toEqual([['vnet1', expect.stringMatching(/^vlan_unexpected: VLAN 66 stays/)]]);
});

test('a plan has the reasons of what it mends, and not that of VLANs that stay', () => {
  const findings = [finding('vlan_missing', 'vnet1'), finding('vlan_unexpected', 'vnet1')];
  const reasons = (fields: Partial<VnetReport>) => plan(report([vnet({ findings, ...fields })])).vnets[0]?.reasons;
  expect(reasons({ actual: table('66 100*'), target: table('10 100*') })).toEqual(['vlan_missing', 'vlan_unexpected']);
  expect(reasons({ actual: table('66 67 100*'), target: table('10 67 100*') })).toEqual([
    'vlan_missing',
    'vlan_unexpected',
  ]);
  expect(reasons({ actual: table('66 100*'), target: table('10 66 100*') })).toEqual(['vlan_missing']);
});

test('a vnet that is refused as a whole is refused once', () => {
  const v = vnet({ actual: table('1* 66'), target: table('10 66 100*'), unexpected: [vidRange(1), vidRange(66)] });
  expect(refusals(report([v], { vlanFiltering: false }))).toHaveLength(1);
  const never = vnet({ vnet: 'vnet2', findings: [finding('mac_ambiguous', 'vnet2')] });
  expect(refusals(report([vnet({}), never]))).toEqual([['vnet2', 'mac_ambiguous: A']]);
});

test('a finding of a port that is the vnet of another is refused all the same', () => {
  const other = [finding('not_on_bridge', 'vnet1', 'vm-2'), finding('uplink_vlan_missing', 'vnet1', 'vm-1')];
  const well = vnet({ verdict: 'compliant', target: table('1*') });
  expect(refusals(report([well], { findings: other })).map(([port, text]) => `${port} ${text?.split(':')[0]}`)).toEqual(
    ['vnet1 not_on_bridge', 'vnet1 uplink_vlan_missing'],
  );
});

test.each(['not_on_bridge', 'uplink_vlan_missing', 'filtering_off'] as const)('%s is refused', (reason) => {
  expect(refusals(report([], { findings: [finding(reason, undefined)] }))).toEqual([
    [undefined, `${reason}: expected E, found A; ${REASON[reason].healing}`],
  ]);
});
