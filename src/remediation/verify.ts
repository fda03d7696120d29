// What became of the plans of a cycle, told from a fresh read alone. Pure.
import type { ChangesMade } from '../host/host.ts';
import type { VnetPlan } from '../model/plan.ts';
import {
  countVids,
  formatTable,
  formatVids,
  overlay,
  pvidOf,
  sameFlags,
  sameTable,
  type VlanTable,
  vidsInBoth,
  vidsWithout,
} from '../model/vlan.ts';

/** What is read back. */
export type Fresh = Pick<ChangesMade, 'vlans' | 'ports' | 'fdb'>;

/** `worse` and `failed` carry the table as it is now, or none where it could not be read. */
export type Verification =
  | { readonly kind: 'verified'; readonly actual: VlanTable }
  | { readonly kind: 'vanished'; readonly problem: string }
  | { readonly kind: 'failed' | 'worse'; readonly actual: VlanTable | undefined; readonly problem: string };

/** What became of one plan. A port that is not on its bridge any more is `vanished`, whatever its commands said. */
export function verify(plan: VnetPlan, fresh: Fresh): Verification {
  const { ports, vlans } = fresh;
  if (!ports.ok) return unread(ports.error);
  if (!vlans.ok) return unread(vlans.error);
  if (!ports.value.get(plan.bridge)?.has(plan.vnet))
    return { kind: 'vanished', problem: `${plan.vnet} left ${plan.bridge}` };
  const actual = vlans.value.get(plan.vnet) ?? [];
  if (!sameTable(actual, plan.after)) {
    const problem = `is ${formatTable(actual)}, should be ${formatTable(plan.after)}`;
    return { kind: isWorse(actual, plan) ? 'worse' : 'failed', actual, problem };
  }
  const problem = fdbProblem(plan, fresh);
  return problem === undefined ? { kind: 'verified', actual } : { kind: 'failed', actual, problem };
}

function unread(error: string): Verification {
  return { kind: 'failed', actual: undefined, problem: `could not be read back: ${error}` };
}

function fdbProblem({ fdb, vnet, mac }: VnetPlan, fresh: Fresh): string | undefined {
  if (!fdb) return undefined;
  if (!fresh.fdb?.ok) return `its FDB could not be read back: ${fresh.fdb?.error ?? 'not read'}`;
  const there = fresh.fdb.value.get(vnet)?.get(mac) ?? [];
  const missing = vidsWithout(fdb.add, there);
  const left = vidsInBoth(fdb.remove, there);
  if (missing.length > 0) return `without an FDB entry for ${mac} in ${formatVids(missing)}`;
  return left.length > 0 ? `still with an FDB entry for ${mac} in ${formatVids(left)}` : undefined;
}

/** A PVID lost that was there, or a right one that is wrong now; or more rows wrong than before. */
function isWorse(now: VlanTable, { before, after }: VnetPlan): boolean {
  const [was, is] = [pvidDistance(before, after), pvidDistance(now, after)];
  return is > was || (is === was && wrongRows(now, after) > wrongRows(before, after));
}

/** 0 right, 1 wrong, 2 none where one is wanted: a wrong PVID misleads traffic, none drops it all. */
function pvidDistance(table: VlanTable, after: VlanTable): number {
  if (pvidOf(table) === pvidOf(after)) return 0;
  return pvidOf(table) === undefined ? 2 : 1;
}

function wrongRows(table: VlanTable, after: VlanTable): number {
  return countVids(overlay(table, after).filter(({ a, b }) => !sameFlags(a, b)));
}
