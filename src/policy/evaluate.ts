// The judgement of a host: pure, one snapshot and one policy in, one report out. What the snapshot does not know is unknown.

import { byDomainAndPort, compare } from '../model/order.ts';
import type { BridgePolicy, Policy } from '../model/policy.ts';
import type { BridgeReport, Report, VnetReport } from '../model/report.ts';
import { atOnce, type Steps } from '../model/slices.ts';
import { type Bridge, type Port, type Snapshot, tableOf } from '../model/snapshot.ts';
import { isVid, type Vids, vidRange, vidsFrom } from '../model/vlan.ts';
import { filteringOff, macAmbiguous, uplinkFindings } from './bridge-findings.ts';
import { hostFindings } from './host-rows.ts';
import { createJudge } from './judge.ts';
import { judgeVnet } from './judge-vnet.ts';
import { type Matching, matchPorts } from './match.ts';
import { notOnBridge } from './not-on-bridge.ts';
import { portlessOf } from './portless.ts';
import { unknowns } from './unknowns.ts';
import { warningsOf } from './warnings.ts';
import { interfacesWithoutMac } from './without-mac.ts';

/** Judges every vnet of the policy's bridges. The order of ports and domains in the snapshot does not matter. */
export function evaluate(snapshot: Snapshot, policy: Policy): Report {
  return atOnce(evaluation(snapshot, policy));
}

/** The same, a step for each few vnets: for who has other work, too. */
export function* evaluation(snapshot: Snapshot, policy: Policy): Steps<Report> {
  const bridges: BridgeReport[] = [];
  for (const bridgePolicy of policy.bridges) bridges.push(yield* reportOf(bridgePolicy, snapshot));
  return {
    takenAt: snapshot.takenAt,
    policySha256: policy.sha256,
    bridges,
    unknowns: unknowns(snapshot, bridges),
    portless: portlessOf(snapshot.domains.ok ? snapshot.domains.value : [], snapshot.links),
  };
}

// Half a millisecond of work. A step for each vnet would take as long again as its judgement.
const STEP = 50;

function* reportOf(policy: BridgePolicy, snapshot: Snapshot): Steps<BridgeReport> {
  if (!snapshot.links.ok) return { ...NOTHING_KNOWN, name: policy.name };
  const bridges = snapshot.links.value;
  const bridge = bridges.find((candidate) => candidate.name === policy.name);
  return bridge ? yield* judgeBridge(bridge, policy, snapshot, bridges) : absentBridge(policy.name, snapshot, bridges);
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

function* judgeBridge(
  bridge: Bridge,
  policy: BridgePolicy,
  { domains, vlans, fdb }: Snapshot,
  bridges: readonly Bridge[],
): Steps<BridgeReport> {
  const matching = matchPorts(bridge, domains.ok ? domains.value : []);
  const judge = createJudge({ unexpected: policy.unexpected, defaults: defaultsOf(bridge) });
  const by = { bridge: bridge.name, policy, judge, vlans, fdb };
  const vnets: VnetReport[] = [];
  for (const match of matching.matches) {
    vnets.push(judgeVnet(match, by));
    if (vnets.length % STEP === 0) yield;
  }
  vnets.sort(byDomainAndPort);
  const nameless = new Set(interfacesWithoutMac(domains.ok ? domains.value : []).map(({ tap }) => tap));
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
      ...matching.absent.map((owner) => notOnBridge(bridge, owner, matching, bridges)).sort(byDomainAndPort),
      ...vnets.flatMap((vnet) => vnet.findings),
    ],
    warnings: warningsOf(bridge, vnets, matching.owners),
  };
}

function absentBridge(name: string, { domains }: Snapshot, bridges: readonly Bridge[]): BridgeReport {
  if (!domains.ok) return { ...NOTHING_KNOWN, name, present: false };
  const absent: Bridge = { name, vlanFiltering: undefined, defaultPvid: undefined, ports: [] };
  const matching = matchPorts(absent, domains.value);
  return {
    ...NOTHING_KNOWN,
    name,
    present: false,
    expectedVnets: expectedVnets(matching),
    findings: matching.absent.map((owner) => notOnBridge(absent, owner, matching, bridges)).sort(byDomainAndPort),
  };
}

// A bridge without default PVID says 0. VLAN 1 is what the kernel begins with.
function defaultsOf({ defaultPvid }: Bridge): Vids {
  return vidsFrom([1, defaultPvid ?? 1].filter(isVid).map((id) => vidRange(id)));
}

function expectedVnets({ owners, matches }: Matching): ReadonlyMap<string, number> {
  const running = owners.filter(({ domain }) => domain.state === 'running');
  const counts = new Map<string, number>();
  for (const { domain } of [...running, ...matches.map((m) => m.owner).filter((o) => o.domain.state !== 'running')]) {
    counts.set(domain.name, (counts.get(domain.name) ?? 0) + 1);
  }
  return new Map([...counts].sort(([a], [b]) => compare(a, b)));
}
