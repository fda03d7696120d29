// The metrics of each bridge of the policy, and of each domain that has interfaces there.

import { REASON, REASONS } from '../../model/reasons.ts';
import { type BridgeReport, isUnread, type Report } from '../../model/report.ts';
import { type Family, family, type Sample } from './family.ts';
import type { ReportInputs } from './vnets.ts';

export const BRIDGE_FAMILIES: readonly Family<ReportInputs>[] = [
  family(
    'gauge',
    'domain_vnets',
    ['domain', 'bridge'],
    'Ports of the bridge matched to an interface of the running domain.',
    (i) => perDomain(i.report, vnetsByDomain),
  ),
  family(
    'gauge',
    'domain_vnets_expected',
    ['domain', 'bridge'],
    'Interfaces that the running domain has on the bridge.',
    (i) => perDomain(i.report, (bridge) => bridge.expectedVnets),
  ),
  bridgeGauge('bridge_present', 'Whether the bridge exists.', (bridge) => bridge.present),
  bridgeGauge('bridge_vlan_filtering', 'Whether the bridge enforces VLANs at all.', (bridge) => bridge.vlanFiltering),
  bridgeGauge(
    'bridge_default_pvid',
    'The PVID that the kernel gives a port that joins the bridge, 0 = none.',
    (bridge) => bridge.defaultPvid,
  ),
  bridgeGauge('bridge_vnets', 'Ports of the bridge matched to an interface of a running domain.', (bridge, report) =>
    cannotMatch(bridge, report) ? undefined : bridge.vnets.length,
  ),
  bridgeGauge('bridge_vnets_compliant', 'Vnets of the bridge that are compliant.', (bridge, report) =>
    cannotMatch(bridge, report) || isUnread(report, 'vlans')
      ? undefined
      : bridge.vnets.filter((vnet) => vnet.verdict === 'compliant').length,
  ),
  bridgeGauge('bridge_orphan_ports', 'Taps on the bridge that match no domain.', (bridge, report) =>
    cannotMatch(bridge, report) ? undefined : bridge.orphanPorts.length,
  ),
  family(
    'gauge',
    'bridge_findings',
    ['bridge', 'reason'],
    `Deviations from the policy by reason, the vnets' included; absent where it cannot be told, as all but not_on_bridge of a bridge that is not there. ${explained()}`,
    ({ report }) => report.bridges.flatMap((bridge) => findingsByReason(bridge, report)),
  ),
];

function explained(): string {
  return `${REASONS.map((reason) => `${reason}: ${REASON[reason].meaning}`).join('; ')}.`;
}

function cannotMatch(bridge: BridgeReport, report: Report): boolean {
  return bridge.present === undefined || isUnread(report, 'domains');
}

function bridgeGauge(
  name: string,
  help: string,
  of: (bridge: BridgeReport, report: Report) => number | boolean | undefined,
): Family<ReportInputs> {
  return family('gauge', name, ['bridge'], help, ({ report }) =>
    report.bridges.flatMap((bridge) => {
      const value = of(bridge, report);
      return value === undefined ? [] : [{ value: Number(value), labels: { bridge: bridge.name } }];
    }),
  );
}

function perDomain(report: Report, countsOf: (bridge: BridgeReport) => ReadonlyMap<string, number>): readonly Sample[] {
  return report.bridges.flatMap((bridge) => {
    const counts = countsOf(bridge);
    return domainsOn(bridge).map((domain) => ({
      value: counts.get(domain) ?? 0,
      labels: { domain, bridge: bridge.name },
    }));
  });
}

function vnetsByDomain(bridge: BridgeReport): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { domain } of bridge.vnets) counts.set(domain, (counts.get(domain) ?? 0) + 1);
  return counts;
}

/** Running domains that have an interface or a port on the bridge, sorted. */
export function domainsOn(bridge: BridgeReport): readonly string[] {
  return [...new Set([...bridge.expectedVnets.keys(), ...bridge.vnets.map((vnet) => vnet.domain)])].sort();
}

// A bridge that is gone has none of these: what was wrong with them is not mended.
const OF_A_BRIDGE = ['bridge', 'ports', 'vlans'];

function findingsByReason({ name, present, findings }: BridgeReport, { unknowns }: Report): readonly Sample[] {
  if (present === undefined) return [];
  const ofThis = unknowns.filter((unknown) => unknown.name === undefined || unknown.name === name);
  const unread = new Set<string>([...ofThis.map(({ kind }) => kind), ...(present ? [] : OF_A_BRIDGE)]);
  const told = REASONS.filter((reason) => !REASON[reason].needs.some((reader) => unread.has(reader)));
  return told.map((reason) => ({
    value: findings.filter((finding) => finding.reason === reason).length,
    labels: { bridge: name, reason },
  }));
}
