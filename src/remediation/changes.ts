// From one VLAN table to another: the fewest `bridge vlan` commands, in an order that never leaves a gap.
// The kernel (net/bridge/br_vlan.c): `add` replaces the flags of a row, so the PVID's VLAN added again without `pvid` takes the
// PVID away; `add … pvid` moves the PVID in one step, and the former PVID's row stays, with its untagged flag.

import type { Change } from '../model/plan.ts';
import { shellWord } from '../model/shell.ts';
import { pvidOf, sameEntry, type VlanEntry, type VlanTable } from '../model/vlan.ts';

/**
 * The changes that turn a port's table `from` into `to`: add or retag members, switch the PVID, retag the former PVID's VLAN,
 * delete. Consecutive ids are one change where their flags are the same. Swap `from` and `to` for the inverse.
 */
export function changesBetween(port: string, from: VlanTable, to: VlanTable): readonly Change[] {
  const formerPvid = pvidOf(from);
  const pvid = to.find((row) => row.pvid);
  const members = to.filter((row) => row !== pvid && row.vid !== formerPvid && !sameEntry(row, rowOf(from, row.vid)));
  const switched = pvid && !sameEntry(pvid, rowOf(from, pvid.vid)) ? [pvid] : [];
  const former = to.filter(
    (row) => row.vid === formerPvid && row !== pvid && !sameEntry(row, afterSwitch(from, row, pvid)),
  );
  const gone = from.filter((row) => !rowOf(to, row.vid));
  return [
    ...runs(members).map((run) => add(port, run)),
    ...switched.map((row) => add(port, [row])),
    ...former.map((row) => add(port, [row])),
    ...runs(gone.map((row) => ({ ...row, pvid: false, untagged: false }))).map((run) => remove(port, run)),
  ];
}

function rowOf(table: VlanTable, vid: number): VlanEntry | undefined {
  return table.find((row) => row.vid === vid);
}

/** What the former PVID's row is once the PVID is another one: no PVID any more, its untagged flag kept. */
function afterSwitch(from: VlanTable, row: VlanEntry, pvid: VlanEntry | undefined): VlanEntry | undefined {
  const before = rowOf(from, row.vid);
  return before && pvid ? { ...before, pvid: false } : before;
}

/** Rows of consecutive ids and equal flags, sorted. */
function runs(rows: readonly VlanEntry[]): readonly (readonly VlanEntry[])[] {
  const out: VlanEntry[][] = [];
  for (const row of rows) {
    const run = out.at(-1);
    const last = run?.at(-1);
    if (run && last && last.vid + 1 === row.vid && last.untagged === row.untagged) run.push(row);
    else out.push([row]);
  }
  return out;
}

function add(port: string, run: readonly VlanEntry[]): Change {
  const { first, last, untagged, pvid } = ends(run);
  return { action: 'add', port, first, last, pvid, untagged };
}

function remove(port: string, run: readonly VlanEntry[]): Change {
  const { first, last } = ends(run);
  return { action: 'delete', port, first, last, pvid: false, untagged: false };
}

function ends(run: readonly VlanEntry[]) {
  const first = run[0] as VlanEntry;
  const last = run.at(-1) as VlanEntry;
  return { first: first.vid, last: last.vid, pvid: first.pvid, untagged: first.untagged };
}

/** The arguments of `bridge` for a change: `['vlan', 'add', 'vid', '10', 'dev', 'vnet1']`. */
export function bridgeArgs(change: Change): readonly string[] {
  const vids = change.first === change.last ? `${change.first}` : `${change.first}-${change.last}`;
  const flags = [...(change.pvid ? ['pvid'] : []), ...(change.untagged ? ['untagged'] : [])];
  return ['vlan', change.action === 'add' ? 'add' : 'del', 'vid', vids, 'dev', change.port, ...flags];
}

/** A change as a shell takes it: `bridge vlan add vid 100 dev vnet1 pvid untagged`. */
export function bridgeCommand(change: Change): string {
  return ['bridge', ...bridgeArgs(change)].map(shellWord).join(' ');
}
