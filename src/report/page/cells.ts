// The VM × VLAN matrix as data: what one vnet has in each VLAN, and which columns a bridge needs. VLANs next to each other that
// look the same in every row share a column, so a trunk of 4,094 VLANs is as readable as one of seven.
import type { VnetReport } from '../../model/report.ts';
import { overlay, type VidRange, type VlanRun, vidsFrom } from '../../model/vlan.ts';

/** What one vnet has in one VLAN, held against what it should have: how each is said, in the legend's order. */
export const CELLS = {
  tagged: 'tagged',
  pvid: 'PVID',
  missing: 'missing',
  pvid_absent: 'should be PVID',
  pvid_here: 'PVID, should not be',
  unexpected: 'unexpected',
  tagging: 'tagging wrong',
  ignored: 'member, in no rule',
  unknown: 'unknown',
} as const;

export type Cell = keyof typeof CELLS;

/** Consecutive VLAN ids that look the same. */
export interface CellRun extends VidRange {
  readonly cell: Cell;
}

/** First and last VLAN id of a column; equal where it is one VLAN. */
export type Column = readonly [number, number];

/** What one vnet looks like, sorted; a VLAN that is neither there nor expected has no cell. */
export function cellsOf({ actual, expected, unexpected }: VnetReport): readonly CellRun[] {
  if (!actual) return vidsFrom(expected.table).map((range) => ({ ...range, cell: 'unknown' }));
  // Where it cannot be told what it should have, only what it has is shown.
  const wanted = expected.undecided ? actual : expected.table;
  const runs: CellRun[] = [];
  for (const { first, last, a, b } of overlay(overlay(actual, wanted), unexpected)) {
    const cell = cellOf(a?.a, a?.b, b !== undefined);
    const before = runs.at(-1);
    if (before && before.last + 1 === first && before.cell === cell) runs[runs.length - 1] = { ...before, last };
    else runs.push({ first, last, cell });
  }
  return runs;
}

function cellOf(is: VlanRun | undefined, wanted: VlanRun | undefined, unexpected: boolean): Cell {
  if (wanted?.pvid && !is?.pvid) return 'pvid_absent';
  if (is?.pvid && !wanted?.pvid) return 'pvid_here';
  if (!is) return 'missing';
  if (!wanted) return unexpected ? 'unexpected' : 'ignored';
  if (is.untagged !== wanted.untagged) return 'tagging';
  return wanted.pvid ? 'pvid' : 'tagged';
}

/** What the vnet looks like in one VLAN. */
export function cellAt(row: readonly CellRun[], vid: number): Cell | undefined {
  return row.find(({ first, last }) => first <= vid && vid <= last)?.cell;
}

/** The columns that show all rows without loss, in order. */
export function columnsOf(rows: readonly (readonly CellRun[])[]): readonly Column[] {
  // A column begins wherever some row changes from one VLAN to the next; stretches where no row has anything are left out.
  const runs = rows.flat();
  const starts = [...new Set(runs.flatMap(({ first, last }) => [first, last + 1]))].sort((a, b) => a - b);
  return vidsFrom(runs).flatMap(({ first, last }) => {
    const inside = starts.filter((start) => first <= start && start <= last);
    return inside.map((start, i): Column => [start, (inside[i + 1] ?? last + 1) - 1]);
  });
}
