// The judgement of a host: pure, one snapshot and one policy in, one report out. What the snapshot does not know is unknown.

import { byDomainAndPort, compare } from '../model/order.ts';
import type { BridgePolicy, Expectation, Policy, Undecided } from '../model/policy.ts';
import type { BridgeReport, Finding, Reader, Report, Unknown, VnetReport } from '../model/report.ts';
import type { Bridge, Domain, Port, Reading, Snapshot } from '../model/snapshot.ts';
import {
  formatVids,
  isVid,
  type Vids,
  type VlanTable,
  vidRange,
  vidsFrom,
  vidsOf,
  vidsWithout,
} from '../model/vlan.ts';
import { expect } from './expect.ts';
import { fdbDeviations, fdbNeed } from './fdb.ts';
import { hostFindings } from './host-rows.ts';
import { createJudge, type Judge } from './judge.ts';
import { type Ambiguity, isLiveKnown, type Match, type Matching, matchPorts } from './match.ts';
import { notOnBridge } from './not-on-bridge.ts';
import { portlessOf } from './portless.ts';
import { warningsOf } from './warnings.ts';
import { tapsWithoutMac, unknownInterfaces } from './without-mac.ts';

type Vlans = Snapshot['vlans'];

/** Judges every vnet of the policy's bridges. The order of ports and domains in the snapshot does not matter. */
export function evaluate(snapshot: Snapshot, policy: Policy): Report {
  const bridges = policy.bridges.map((bridgePolicy): BridgeReport => {
    if (!snapshot.links.ok) return { ...NOTHING_KNOWN, name: bridgePolicy.name };
    const bridge = snapshot.links.value.find((candidate) => candidate.name === bridgePolicy.name);
    return bridge ? judgeBridge(bridge, bridgePolicy, snapshot) : absentBridge(bridgePolicy.name, snapshot);
  });
  return {
    takenAt: snapshot.takenAt,
    policySha256: policy.sha256,
    bridges,
    unknowns: unknowns(snapshot, bridges),
    portless: portlessOf(snapshot.domains.ok ? snapshot.domains.value : [], bridges),
  };
}

const NOTHING_KNOWN: Omit<BridgeReport, 'name'> = {
  present: undefined,
  vlanFiltering: undefined,
  defaultPvid: undefined,
  vnets: [],
  expectedVnets: new Map(),
  orphanPorts: [],
  findings: [],
  warnings: [],
};

function judgeBridge(bridge: Bridge, policy: BridgePolicy, { links, domains, vlans, fdb }: Snapshot): BridgeReport {
  const matching = matchPorts(bridge, domains.ok ? domains.value : []);
  const judge = createJudge({ unexpected: policy.unexpected, defaults: defaultsOf(bridge) });
  const vnets = matching.matches
    .map((match): VnetReport => judgeVnet(match, bridge, policy, judge, vlans, fdb))
    .sort(byDomainAndPort);
  const nameless = tapsWithoutMac(domains.ok ? domains.value : []);
  const isOurs = ({ name }: Port) => policy.uplinks.includes(name) || nameless.has(name);
  const orphans = matching.unmatched.filter((port) => port.tap && !isOurs(port));
  return {
    name: bridge.name,
    present: true,
    vlanFiltering: bridge.vlanFiltering,
    defaultPvid: bridge.defaultPvid,
    vlanProtocol: bridge.vlanProtocol,
    vnets,
    expectedVnets: domains.ok ? expectedVnets(matching) : new Map(),
    // Where the domains are unknown, so is whose a tap is.
    orphanPorts: domains.ok ? orphans.map((port) => port.name).sort() : [],
    findings: [
      ...(bridge.vlanFiltering === false ? [filteringOff(bridge.name)] : []),
      ...uplinkFindings(bridge, policy, vnets, vlans),
      ...hostFindings(bridge.name, policy.host, tableOf(vlans, bridge.name)),
      ...matching.ambiguous.map((ambiguity) => macAmbiguous(bridge.name, ambiguity)).sort(byDomainAndPort),
      ...matching.absent
        .map((owner) => notOnBridge(bridge, owner, matching, links.ok ? links.value : []))
        .sort(byDomainAndPort),
      ...vnets.flatMap((vnet) => vnet.findings),
    ],
    warnings: warningsOf(vnets, matching.owners),
  };
}

function absentBridge(name: string, { links, domains }: Snapshot): BridgeReport {
  if (!domains.ok) return { ...NOTHING_KNOWN, name, present: false };
  const absent: Bridge = { name, vlanFiltering: undefined, defaultPvid: undefined, ports: [] };
  const matching = matchPorts(absent, domains.value);
  return {
    ...NOTHING_KNOWN,
    name,
    present: false,
    expectedVnets: expectedVnets(matching),
    findings: matching.absent
      .map((owner) => notOnBridge(absent, owner, matching, links.ok ? links.value : []))
      .sort(byDomainAndPort),
  };
}

function judgeVnet(
  { port, owner }: Match,
  bridge: Bridge,
  policy: BridgePolicy,
  judge: Judge,
  vlans: Vlans,
  fdb: Snapshot['fdb'],
) {
  const { domain, iface } = owner;
  const expected = expect(policy, owner);
  const table = tableOf(vlans, port.name);
  const judged = expected.undecided
    ? undecided(expected.undecided, table)
    : table
      ? judge(table, expected.table)
      : UNJUDGED;
  const { actual, target } = judged;
  const keeps = iface.macTable !== undefined && fdb !== undefined && actual !== undefined && target !== undefined;
  const kept = keeps && fdb.ok ? ([fdb.value, port.name, iface.mac, actual, target] as const) : undefined;
  const deviations = kept ? [...judged.deviations, ...fdbDeviations(...kept)] : judged.deviations;
  const findings = deviations.map(
    ({ reason, expected, actual }): Finding => ({
      reason,
      bridge: bridge.name,
      domain: domain.name,
      vnet: port.name,
      expected,
      actual,
    }),
  );
  // Written out, and not spread: this is made for every vnet at every audit, and takes a third of the time so.
  return {
    bridge: bridge.name,
    vnet: port.name,
    domain: domain.name,
    uuid: domain.uuid,
    mac: iface.mac,
    expected,
    actual: judged.actual,
    missing: judged.missing,
    unexpected: judged.unexpected,
    mistagged: judged.mistagged,
    untouchable: untouchable(port, domain, policy, expected) ?? (keeps && !fdb.ok ? fdbUnread(fdb.error) : undefined),
    target: judged.target,
    fdb: kept && fdbNeed(...kept),
    verdict: !judged.actual ? 'unknown' : findings.length > 0 ? 'drifted' : keeps && !fdb.ok ? 'unknown' : 'compliant',
    findings,
  } satisfies VnetReport;
}

// A bridge without default PVID says 0. VLAN 1 is what the kernel begins with.
function defaultsOf({ defaultPvid }: Bridge): Vids {
  return vidsFrom([1, defaultPvid ?? 1].filter(isVid).map((id) => vidRange(id)));
}

// It is not known what the vnet should have, so no table is wrong.
function undecided(why: Undecided, actual: VlanTable | undefined) {
  return { ...UNJUDGED, actual, target: actual, deviations: [why] };
}

const UNJUDGED = { actual: undefined, missing: [], unexpected: [], mistagged: [], target: undefined, deviations: [] };

// A port that the dump does not list has no VLAN at all.
function tableOf(vlans: Vlans, port: string): VlanTable | undefined {
  return vlans.ok ? (vlans.value.get(port) ?? []) : undefined;
}

function uplinkFindings(bridge: Bridge, policy: BridgePolicy, vnets: readonly VnetReport[], vlans: Vlans): Finding[] {
  if (policy.uplinks.length === 0) return [];
  const inUse = vidsFrom([...new Set(vnets.map((vnet) => vnet.expected.table))].flat());
  return policy.uplinks.flatMap((uplink): Finding[] => {
    const found = (actual: string): Finding[] => [
      {
        reason: 'uplink_vlan_missing',
        bridge: bridge.name,
        domain: undefined,
        vnet: uplink,
        expected: `VLANs ${formatVids(inUse)}`,
        actual,
      },
    ];
    if (!bridge.ports.some((port) => port.name === uplink)) return found(`not a port of ${bridge.name}`);
    const table = tableOf(vlans, uplink);
    if (!table) return [];
    const missing = vidsWithout(inUse, vidsOf(table));
    return missing.length === 0 ? [] : found(`without ${formatVids(missing)}`);
  });
}

function filteringOff(bridge: string): Finding {
  return {
    reason: 'filtering_off',
    bridge,
    domain: undefined,
    vnet: undefined,
    expected: 'vlan_filtering 1',
    actual: 'vlan_filtering 0: the bridge enforces nothing',
  };
}

function macAmbiguous(bridge: string, { port, claims }: Ambiguity): Finding {
  const names = claims.map((claim) => `${claim.domain.name} (${claim.iface.mac})`).sort();
  return {
    reason: 'mac_ambiguous',
    bridge,
    domain: new Set(claims.map((claim) => claim.domain.name)).size === 1 ? claims[0]?.domain.name : undefined,
    vnet: port.name,
    expected: 'one interface that fits the port, one port that fits the interface',
    actual: `MAC ${port.mac ?? 'unreadable'}, claimed by ${names.join(', ')}`,
  };
}

function untouchable(
  port: Port,
  domain: Domain,
  policy: BridgePolicy,
  { undecided }: Expectation,
): VnetReport['untouchable'] {
  if (undecided) return { reason: undecided.reason, text: `${undecided.actual}; expected ${undecided.expected}` };
  if (policy.uplinks.includes(port.name))
    return { reason: 'uplink', text: `the policy calls ${port.name} an uplink, and uplinks are never changed` };
  if (domain.state === 'unknown')
    return { reason: 'unknown', text: 'its domain cannot be read now; this is by what was last known of it' };
  return undefined;
}

// Its VLANs alone would be right in the table, and no frame would come through.
function fdbUnread(error: string): VnetReport['untouchable'] {
  return { reason: 'unknown', text: `libvirt keeps its FDB, which could not be read: ${error}` };
}

function expectedVnets({ owners, matches }: Matching): ReadonlyMap<string, number> {
  const running = owners.filter(({ domain }) => domain.state === 'running');
  const counts = new Map<string, number>();
  for (const { domain } of [...running, ...matches.map((m) => m.owner).filter((o) => o.domain.state !== 'running')]) {
    counts.set(domain.name, (counts.get(domain.name) ?? 0) + 1);
  }
  return new Map([...counts].sort(([a], [b]) => compare(a, b)));
}

function unknowns(snapshot: Snapshot, bridges: readonly BridgeReport[]): readonly Unknown[] {
  const failed = (kind: Reader, reading: Reading<unknown>): Unknown[] =>
    reading.ok ? [] : [{ kind, name: undefined, problem: reading.error }];
  const domains = snapshot.domains.ok ? snapshot.domains.value : [];
  return [
    ...failed('links', snapshot.links),
    ...failed('vlans', snapshot.vlans),
    ...failed('domains', snapshot.domains),
    ...(snapshot.fdb && !snapshot.fdb.ok
      ? [{ kind: 'fdb' as const, name: undefined, problem: snapshot.fdb.error }]
      : []),
    ...bridges.flatMap(({ name, present, vlanFiltering }): Unknown[] => {
      if (present === false) return [{ kind: 'bridge', name, problem: 'there is no such bridge' }];
      if (!present || vlanFiltering !== undefined) return [];
      return [{ kind: 'bridge', name, problem: 'its vlan_filtering could not be read' }];
    }),
    ...(snapshot.domains.ok ? strayTaps(domains, bridges) : []),
    ...domains
      .filter((domain) => domain.state === 'unknown')
      .map(({ name, problem = 'not understood' }): Unknown => ({ kind: 'domain', name, problem }))
      .sort((a, b) => compare(a.name ?? '', b.name ?? '')),
    ...unknownInterfaces(snapshot, bridges),
  ];
}

/** Taps without an owner while libvirt's live folder is empty or gone: most likely, VMs run and their live XML was removed. */
function strayTaps(domains: readonly Domain[], bridges: readonly BridgeReport[]): readonly Unknown[] {
  if (isLiveKnown(domains)) return [];
  return bridges
    .filter(({ orphanPorts }) => orphanPorts.length > 0)
    .map(({ name, orphanPorts }) => ({
      kind: 'taps',
      name,
      problem: `${orphanPorts.join(' ')}: no domain owns them, and none has live XML; was /run/libvirt/qemu emptied?`,
    }));
}
