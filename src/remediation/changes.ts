// From one VLAN table to another: the fewest `bridge vlan` commands, in an order that never leaves a gap.
// The kernel (net/bridge/br_vlan.c): `add` replaces the flags of a row, so the PVID's VLAN added again without `pvid` takes the
// PVID away; `add … pvid` moves the PVID in one step, and the former PVID's row stays, with its untagged flag.

import type { VlanChange } from '../model/plan.ts';
import { remembered } from '../model/remember.ts';
import {
  overlay,
  pvidOf,
  sameFlags,
  type VidRange,
  type VlanRun,
  type VlanTable,
  vidsFrom,
  vlanTable,
} from '../model/vlan.ts';

/**
 * The changes that turn a port's table `from` into `to`: add or retag members, switch the PVID, retag the former PVID's VLAN,
 * delete. Consecutive ids are one change where their flags are the same. Swap `from` and `to` for the inverse.
 */
export function changesBetween(port: string, from: VlanTable, to: VlanTable): readonly VlanChange[] {
  return stepsFrom(from)(to).map(({ action, first, last, pvid, untagged }) => ({
    action,
    port,
    first,
    last,
    pvid,
    untagged,
  }));
}

type Step = Omit<VlanChange, 'port'>;

// After an ifreload a thousand ports go from one table to another; tables are immutable, and shared in a report.
const stepsFrom = remembered((from: VlanTable) => remembered((to: VlanTable) => stepsBetween(from, to)));

function stepsBetween(from: VlanTable, to: VlanTable): readonly Step[] {
  const formerPvid = pvidOf(from);
  const pvid = to.find((run) => run.pvid);
  const pieces = overlay(from, to);
  const changed = pieces.flatMap(({ first, last, a, b }) => (b && !sameFlags(a, b) ? [{ ...b, first, last }] : []));
  const members = vlanTable(changed.filter((run) => !run.pvid && run.first !== formerPvid));
  const switched = changed.filter((run) => run.pvid);
  const former = pieces.flatMap(({ first, last, a, b }) =>
    a?.pvid && b && !b.pvid && !sameFlags(afterSwitch(a, pvid), b) ? [{ ...b, first, last }] : [],
  );
  const gone = vidsFrom(pieces.filter(({ a, b }) => a && !b));
  return [...[...members, ...switched, ...former].map(add), ...gone.map(remove)];
}

/** What the former PVID's row is once the PVID is another one: no PVID any more, its untagged flag kept. */
function afterSwitch(before: VlanRun, pvid: VlanRun | undefined): VlanRun {
  return pvid ? { ...before, pvid: false } : before;
}

function add({ first, last, pvid, untagged }: VlanRun): Step {
  return { action: 'add', first, last, pvid, untagged };
}

function remove({ first, last }: VidRange): Step {
  return { action: 'delete', first, last, pvid: false, untagged: false };
}
