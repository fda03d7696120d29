// The metrics of each vnet. Where the VLAN table could not be read, only what does not come from it is there.
import { remembered } from '../../model/remember.ts';
import type { Report, VnetReport } from '../../model/report.ts';
import { countVids, hasVid, listVids, pvidOf } from '../../model/vlan.ts';
import { type Family, family, type Labels, type Sample } from './family.ts';

export interface ReportInputs {
  readonly report: Report;
  /** Most `vnet_vlan_member` series of one vnet. */
  readonly maxVlanSeriesPerVnet: number;
}

const VNET = ['domain', 'bridge', 'vnet'];

export const VNET_FAMILIES: readonly Family<ReportInputs>[] = [
  family(
    'gauge',
    'vnet_info',
    [...VNET, 'uuid', 'mac', 'device', 'rule'],
    "1. A bridge port matched to one interface of a running domain: the domain's UUID, the guest's MAC, the device as node_exporter names it, the policy's rule.",
    ({ report }) =>
      perVnet(report, (v) => ({
        value: 1,
        labels: { uuid: v.uuid ?? '', mac: v.mac, device: v.vnet, rule: v.expected.rule },
      })),
  ),
  family(
    'gauge',
    'vnet_vlan_member',
    [...VNET, 'vlan', 'expected'],
    'Whether the vnet is a member of the VLAN: 1 yes, 0 no. expected="true" for each VLAN of the policy, "false" for each that should not be there. Absent where that cannot be told.',
    memberships,
  ),
  vnetGauge(
    'vnet_pvid',
    "The vnet's PVID as the kernel has it, 0 = none. Absent where it cannot be read.",
    known((v) => pvidOf(v.actual) ?? 0),
  ),
  vnetGauge(
    'vnet_pvid_expected',
    'The PVID that the policy wants, 0 = none. Absent where two sources of intent differ, or one is not understood.',
    decided((v) => pvidOf(v.expected.table) ?? 0),
  ),
  vnetGauge(
    'vnet_pvid_correct',
    "Whether the vnet's PVID is the policy's. Absent where that cannot be told.",
    decided(known((v) => pvidOf(v.actual) === pvidOf(v.expected.table))),
  ),
  vnetGauge(
    'vnet_tagging_correct',
    'Whether each VLAN leaves the vnet as the policy wants it, tagged or untagged; a VLAN that should not be there, tagged. A VLAN that is the PVID and should not be, or the reverse, does not count: vnet_pvid_correct tells of it. Absent where that cannot be told.',
    decided(known((v) => v.mistagged.length === 0)),
  ),
  vnetGauge(
    'vnet_compliant',
    'Whether nothing about the vnet deviates from the policy: 0 also where sources of intent differ, or one is not understood. Absent where its VLANs cannot be read, and where its FDB cannot be and nothing else is wrong.',
    (v) => (v.verdict === 'unknown' ? undefined : v.verdict === 'compliant'),
  ),
  vnetGauge(
    'vnet_vlans_missing',
    'VLANs of the policy that the vnet lacks. Absent where that cannot be told.',
    decided(known((v) => countVids(v.missing))),
  ),
  vnetGauge(
    'vnet_vlans_unexpected',
    'VLANs that the vnet should not have. Absent where that cannot be told.',
    decided(known((v) => countVids(v.unexpected))),
  ),
  family(
    'gauge',
    'vnet_vlan_series_dropped',
    VNET,
    'Series of vnet_vlan_member left out because of metrics.max_vlan_series_per_vnet.',
    ({ report, maxVlanSeriesPerVnet }) =>
      perVnet(
        report,
        decided(
          known((v) => ({
            value: Math.max(0, countVids(v.expected.table) + countVids(v.unexpected) - maxVlanSeriesPerVnet),
          })),
        ),
      ),
  ),
];

type KnownVnet = VnetReport & { readonly actual: NonNullable<VnetReport['actual']> };

/** `of`, but undefined for a vnet whose VLAN table could not be read. */
function known<T>(of: (vnet: KnownVnet) => T): (vnet: VnetReport) => T | undefined {
  return (vnet) => (vnet.actual === undefined ? undefined : of(vnet as KnownVnet));
}

/** `of`, but undefined for a vnet of which it is not known what it should have. */
function decided<T>(of: (vnet: VnetReport) => T | undefined): (vnet: VnetReport) => T | undefined {
  return (vnet) => (vnet.expected.undecided ? undefined : of(vnet));
}

function vnetGauge(
  name: string,
  help: string,
  of: (vnet: VnetReport) => number | boolean | undefined,
): Family<ReportInputs> {
  return family('gauge', name, VNET, help, ({ report }) =>
    perVnet(report, (vnet) => {
      const value = of(vnet);
      return value === undefined ? undefined : { value: Number(value) };
    }),
  );
}

function* perVnet(report: Report, of: (vnet: VnetReport) => Sample | undefined): Iterable<Sample> {
  for (const bridge of report.bridges) {
    for (const vnet of bridge.vnets) {
      const sample = of(vnet);
      if (sample) yield { ...sample, sharedLabels: labelsOf(vnet) };
    }
  }
}

/** The policy's VLANs come first, so that the cap hits those that should not be there. */
function* memberships({ report, maxVlanSeriesPerVnet }: ReportInputs): Iterable<Sample> {
  for (const bridge of report.bridges) {
    for (const vnet of bridge.vnets) {
      if (vnet.actual === undefined || vnet.expected.undecided) continue;
      const sharedLabels = labelsOf(vnet);
      const expected = listVids(vnet.expected.table, maxVlanSeriesPerVnet);
      const unexpected = listVids(vnet.unexpected, maxVlanSeriesPerVnet - expected.length);
      for (const vlan of expected) {
        yield { value: hasVid(vnet.actual, vlan) ? 1 : 0, labels: { vlan: `${vlan}`, expected: 'true' }, sharedLabels };
      }
      for (const vlan of unexpected) yield { value: 1, labels: { vlan: `${vlan}`, expected: 'false' }, sharedLabels };
    }
  }
}

/** One labels object for each vnet of a report: prom-client formats it once for all families. */
const labelsOf = remembered(({ domain, bridge, vnet }: VnetReport): Labels => ({ domain, bridge, vnet }));
