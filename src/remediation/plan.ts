// What would make a report compliant, and what is left alone and why. Pure. It never judges by itself: `evaluate` says what a
// vnet's table should become (`target`); what is not known beyond doubt is refused here.
import type { Change, Plan, Refusal, RefusalReason, VnetPlan } from '../model/plan.ts';
import { REASON, type Reason } from '../model/reasons.ts';
import type { BridgeReport, Finding, Report, VnetReport } from '../model/report.ts';
import { formatVids, sameTable, type VlanTable, vidsInBoth, vidsWithout } from '../model/vlan.ts';
import { hasNeed } from '../policy/fdb.ts';
import { changesBetween } from './changes.ts';
import { inverseNeed, withFdb } from './fdb-changes.ts';

/** The plan for a report, in its order; only for these domains where `domains` names any. */
export function plan(report: Report, domains: readonly string[] = []): Plan {
  const wanted = (domain: string | undefined) =>
    domains.length === 0 || (domain !== undefined && domains.includes(domain));
  const vnets: VnetPlan[] = [];
  const refusals: Refusal[] = [];
  for (const bridge of report.bridges) {
    for (const vnet of bridge.vnets.filter((v) => wanted(v.domain))) {
      const refused = refusal(bridge, vnet);
      if (refused) refusals.push(refused);
      else vnets.push(...planOf(vnet));
      if (!refused && vnet.verdict === 'drifted') refusals.push(...leftAlone(vnet));
    }
    refusals.push(...bridge.findings.filter((f) => isOwn(f, bridge) && wanted(f.domain)).map(refuseFinding));
  }
  return { vnets, refusals };
}

/** The changes for one vnet: none where its table is as it should be. `before` and `after` are given, no verdict is asked. */
export function vnetPlan(
  vnet: Pick<VnetReport, 'bridge' | 'domain' | 'vnet' | 'mac' | 'fdb'> &
    Partial<Pick<VnetReport, 'findings' | 'expected'>>,
  before: VnetPlan['before'],
  after: VnetPlan['after'],
): VnetPlan {
  return {
    bridge: vnet.bridge,
    domain: vnet.domain,
    vnet: vnet.vnet,
    mac: vnet.mac,
    before,
    after,
    expected: vnet.expected,
    // Not spread in: after an ifreload this is made for every vnet.
    fdb: hasNeed(vnet.fdb) ? vnet.fdb : undefined,
    reasons: mended(vnet.findings ?? [], before, after),
    changes: withFdb(vnet, vnet.fdb, changesBetween(vnet.vnet, before, after)),
  };
}

/** Reasons of what is mended: VLANs that are only told of may all stay. */
function mended(findings: readonly Finding[], before: VlanTable, after: VlanTable): readonly Reason[] {
  const reasons = findings.map(({ reason }) => reason);
  return reasons.filter((reason) => reason !== 'vlan_unexpected' || vidsWithout(before, after).length > 0);
}

/** The changes, in order, that lead from `after` back to `before`. */
export function inverseOf(plan: VnetPlan): readonly Change[] {
  return withFdb(plan, plan.fdb && inverseNeed(plan.fdb), changesBetween(plan.vnet, plan.after, plan.before));
}

export type Settled = Pick<VnetReport, 'actual' | 'target' | 'fdb'>;

/** Whether nothing is left to heal. It may still not be compliant: a VLAN that is only reported stays. */
export function isSettled(vnet: Settled | undefined): boolean {
  if (!vnet?.actual || !vnet.target || hasNeed(vnet.fdb)) return false;
  return sameTable(vnet.actual, vnet.target);
}

/** What would be made of a vnet; none where there is nothing to do, or where it is not to be touched. */
export function planOf(vnet: VnetReport): readonly VnetPlan[] {
  if (!vnet.actual || !vnet.target || vnet.untouchable || isSettled(vnet)) return [];
  return [vnetPlan(vnet, vnet.actual, vnet.target)];
}

/** Why a whole vnet is left alone; undefined where it is compliant or can be healed. */
function refusal(bridge: BridgeReport, vnet: VnetReport): Refusal | undefined {
  if (vnet.verdict === 'compliant') return undefined;
  const refuse = (reason: RefusalReason, text: string) => refuseVnet(vnet, reason, text);
  const untouchable = untouchableOn(bridge, vnet);
  if (untouchable) return refuse(untouchable.reason, untouchable.text);
  const never = vnet.findings.find(isNeverHealed);
  if (never) return refuse(never.reason, never.actual);
  if (vnet.verdict === 'unknown' || !vnet.actual || !vnet.target)
    return refuse('unknown', 'its VLANs could not be read, so nothing is changed');
  return undefined;
}

/** Why nobody changes a vnet of this bridge, whatever its VLANs; undefined where it may be healed. */
export function untouchableOn(
  { name, vlanFiltering }: BridgeReport,
  vnet: VnetReport,
): Pick<Refusal, 'reason' | 'text'> | undefined {
  if (vlanFiltering === undefined)
    return { reason: 'unknown', text: 'it could not be read whether the bridge filters VLANs' };
  if (!vlanFiltering) {
    const text = `${name} enforces no VLAN (vlan_filtering 0); ${REASON.filtering_off.healing}`;
    return { reason: 'filtering_off', text };
  }
  return vnet.untouchable;
}

/** VLANs that stay although they should not be there: `unexpected: report`. */
function leftAlone(vnet: VnetReport): readonly Refusal[] {
  const kept = vidsInBoth(vnet.unexpected, vnet.target ?? []);
  const text = `VLAN ${formatVids(kept)} stays, the policy says "unexpected: report"`;
  return kept.length > 0 ? [refuseVnet(vnet, 'vlan_unexpected', text)] : [];
}

function refuseVnet({ bridge, domain, vnet }: VnetReport, reason: RefusalReason, text: string): Refusal {
  return { bridge, domain, vnet, reason, text };
}

function isNeverHealed({ reason }: Finding): boolean {
  return REASON[reason].healed === 'never';
}

/** A finding that no vnet of the report carries: an absent interface, an uplink, the bridge itself. */
function isOwn(finding: Finding, bridge: BridgeReport): boolean {
  return isNeverHealed(finding) && !bridge.vnets.some((vnet) => vnet.findings.includes(finding));
}

function refuseFinding({ bridge, domain, vnet, reason, expected, actual }: Finding): Refusal {
  const text = `expected ${expected}, found ${actual}; ${REASON[reason].healing}`;
  return { bridge, domain, vnet, reason, text };
}
