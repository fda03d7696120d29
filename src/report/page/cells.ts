// The VM × VLAN matrix as data: what one vnet has in each VLAN, and which columns a bridge needs. VLANs next to each other that
// look the same in every row share a column, so a trunk of 4,094 VLANs is as readable as one of seven.
import type { VnetReport } from '../../model/report.ts';

/** What one vnet has in one VLAN, held against what it should have. */
export type Cell =
  | 'tagged'
  | 'pvid'
  | 'ignored'
  | 'missing'
  | 'pvid_absent'
  | 'pvid_here'
  | 'unexpected'
  | 'tagging'
  | 'unknown';

/** How each cell is said. `P` marks the PVID in all of them. */
export const CELLS: Readonly<Record<Cell, string>> = {
  tagged: 'tagged',
  pvid: 'PVID',
  ignored: 'member, in no rule',
  missing: 'missing',
  pvid_absent: 'should be PVID',
  pvid_here: 'PVID, should not be',
  unexpected: 'unexpected',
  tagging: 'tagging wrong',
  unknown: 'unknown',
};

/** First and last VLAN id of a column; equal where it is one VLAN. */
export type Column = readonly [number, number];

/** The cells of one vnet by VLAN id, sorted; a VLAN that is neither there nor expected has none. */
export function cellsOf(vnet: VnetReport): ReadonlyMap<number, Cell> {
  const { actual, expected } = vnet;
  if (!actual) return new Map(expected.vlans.map((vid) => [vid, 'unknown']));
  const wanted = new Set<number>(expected.vlans);
  const unexpected = new Set<number>(vnet.unexpected);
  const found = actual.map(({ vid, pvid, untagged }): [number, Cell] => {
    const shouldBePvid = vid === expected.pvid;
    if (pvid && !shouldBePvid) return [vid, 'pvid_here'];
    if (shouldBePvid && !pvid) return [vid, 'pvid_absent'];
    if (unexpected.has(vid)) return [vid, 'unexpected'];
    if (!wanted.has(vid)) return [vid, 'ignored'];
    if (untagged !== shouldBePvid) return [vid, 'tagging'];
    return [vid, shouldBePvid ? 'pvid' : 'tagged'];
  });
  const missing = vnet.missing.map((vid): [number, Cell] => [vid, vid === expected.pvid ? 'pvid_absent' : 'missing']);
  return new Map(missing.length === 0 ? found : [...found, ...missing].sort(([a], [b]) => a - b));
}

/** The columns that show all rows without loss, in order. */
export function columnsOf(rows: readonly ReadonlyMap<number, Cell>[]): readonly Column[] {
  // A column begins wherever some row changes from one VLAN to the next; stretches where no row has anything are left out.
  const starts = new Set<number>();
  const filled = new Set<number>();
  for (const row of rows) {
    let previous = 0;
    for (const [vid, cell] of row) {
      filled.add(vid);
      if (previous !== vid - 1) starts.add(vid).add(previous + 1);
      else if (row.get(previous) !== cell) starts.add(vid);
      previous = vid;
    }
    starts.add(previous + 1);
  }
  const columns: [number, number][] = [];
  for (const vid of [...filled].sort((a, b) => a - b)) {
    const column = columns.at(-1);
    if (column && column[1] + 1 === vid && !starts.has(vid)) column[1] = vid;
    else columns.push([vid, vid]);
  }
  return columns;
}
