// VLAN ids and the VLAN table of one bridge port. Both are kept as ranges in one normal form, so that comparing is equality and a
// trunk of 1-4094 costs what one VLAN costs. IEEE 802.1Q: 0 and 4095 are reserved. Linux: bridge(8), "bridge vlan".

/** An 802.1Q VLAN id, 1 to 4094. */
export type Vid = number & { readonly __vid: true };

/** Consecutive VLAN ids; `first` and `last` are equal where it is one. */
export interface VidRange {
  readonly first: Vid;
  readonly last: Vid;
}

/** A set of VLAN ids: ranges as long as they can be, sorted. */
export type Vids = readonly VidRange[];

/** Consecutive rows of a port's VLAN table with equal flags: whether it is the PVID, whether frames leave the port untagged. */
export interface VlanRun extends VidRange {
  readonly pvid: boolean;
  readonly untagged: boolean;
}

/** A port's VLAN table: runs as long as they can be, sorted; the PVID is a run of its own. Empty where the port has no VLAN. */
export type VlanTable = readonly VlanRun[];

/** `n` as a Vid. Throws RangeError where it is not an integer from 1 to 4094. */
export function vid(n: number): Vid {
  if (!isVid(n)) throw new RangeError(`VLAN id ${n}: expected an integer from 1 to 4094`);
  return n;
}

/** Whether `n` is an integer from 1 to 4094. */
export function isVid(n: number): n is Vid {
  return Number.isInteger(n) && n >= 1 && n <= 4094;
}

/** The range of these ids. Throws RangeError where there is none. */
export function vidRange(first: number, last: number = first): VidRange {
  if (last < first) throw new RangeError(`VLAN ids ${first}-${last}: expected the lower one first`);
  return { first: vid(first), last: vid(last) };
}

/** The ids of all these ranges, which may overlap and stand in any order, as a set. */
export function vidsFrom(ranges: Iterable<VidRange>): Vids {
  const merged: VidRange[] = [];
  for (const { first, last } of [...ranges].sort((a, b) => a.first - b.first)) {
    const before = merged.at(-1);
    if (!before || before.last + 1 < first) merged.push({ first, last });
    else if (before.last < last) merged[merged.length - 1] = { first: before.first, last };
  }
  return merged;
}

/** The ids that `a` has and `b` has not. Both sorted and disjoint, as a set is, and a table. */
export function vidsWithout(a: readonly VidRange[], b: readonly VidRange[]): Vids {
  return vidsFrom(overlay(a, b).filter((piece) => piece.a && !piece.b));
}

/** The ids that both have. Both sorted and disjoint. */
export function vidsInBoth(a: readonly VidRange[], b: readonly VidRange[]): Vids {
  return vidsFrom(overlay(a, b).filter((piece) => piece.a && piece.b));
}

/** Whether the set has the id. */
export function hasVid(vids: readonly VidRange[], id: number): boolean {
  return vids.some(({ first, last }) => first <= id && id <= last);
}

/** How many ids there are. */
export function countVids(vids: readonly VidRange[]): number {
  return vids.reduce((sum, { first, last }) => sum + last - first + 1, 0);
}

/** The ids one by one, at most `limit`. */
export function listVids(vids: readonly VidRange[], limit: number): readonly number[] {
  const ids: number[] = [];
  for (const { first, last } of vids) {
    for (let id: number = first; id <= last && ids.length < limit; id += 1) ids.push(id);
  }
  return ids;
}

/** The set for people: `10 20 200-210`; `none` where it is empty. */
export function formatVids(vids: Vids): string {
  return vids.length === 0 ? 'none' : vids.map(formatRange).join(' ');
}

/** `200-210`, or `10` where it is one id. */
export function formatRange({ first, last }: VidRange): string {
  return first === last ? `${first}` : `${first}-${last}`;
}

/** The table of these rows, in normal form. A VLAN id that stands twice keeps its last row, as the kernel does. */
export function vlanTable(rows: Iterable<VlanRun>): VlanTable {
  let table: VlanRun[] = [];
  for (const row of rows) {
    if (row.pvid && row.first !== row.last)
      throw new RangeError(`VLAN ids ${formatRange(row)}: expected one id as PVID`);
    const last = table.at(-1);
    if (last && row.first <= last.last) table = put(table, row);
    else table.push(row);
  }
  return mergeRuns(table);
}

/** The table that has these VLANs tagged, and the PVID untagged: its VLAN is a member in any case, the kernel has no other way. */
export function tableFrom(vlans: readonly VidRange[], pvid: Vid | undefined): VlanTable {
  const members = vlans.map((range) => ({ ...range, pvid: false, untagged: false }));
  return vlanTable(
    pvid === undefined ? members : [...members, { first: pvid, last: pvid, pvid: true, untagged: true }],
  );
}

/** What the kernel gives to a port that joins a bridge. `defaultPvid`: the bridge's; 0 or unknown: none. */
export function tableOfNewPort(defaultPvid: number | undefined): VlanTable {
  return tableFrom([], defaultPvid !== undefined && isVid(defaultPvid) ? defaultPvid : undefined);
}

/** The table's rows in these ranges, which are sorted and disjoint, as a set is, and a table. */
export function rowsIn(table: VlanTable, ranges: readonly VidRange[]): VlanTable {
  return vlanTable(overlay(table, ranges).flatMap(({ first, last, a, b }) => (a && b ? [{ ...a, first, last }] : [])));
}

/** The table's rows outside these ranges. */
export function rowsWithout(table: VlanTable, ranges: readonly VidRange[]): VlanTable {
  return vlanTable(overlay(table, ranges).flatMap(({ first, last, a, b }) => (a && !b ? [{ ...a, first, last }] : [])));
}

/** The table's PVID; undefined where the port has none (untagged frames that come in are dropped). */
export function pvidOf(table: VlanTable): Vid | undefined {
  return table.find((run) => run.pvid)?.first;
}

/** Whether two tables in normal form are the same. */
export function sameTable(a: VlanTable, b: VlanTable): boolean {
  return a === b || (a.length === b.length && a.every((run, i) => sameVids(run, b[i]) && sameFlags(run, b[i])));
}

/** Whether the flags of two rows are the same; of two that are not there, they are. */
export function sameFlags(a: VlanRun | undefined, b: VlanRun | undefined): boolean {
  return a?.pvid === b?.pvid && a?.untagged === b?.untagged;
}

function sameVids(a: VidRange, b: VidRange | undefined): boolean {
  return a.first === b?.first && a.last === b.last;
}

/** Consecutive ids for which two lists of ranges say the same: `a` and `b` are the ranges that hold them, where one does. */
export interface Piece<A, B> extends VidRange {
  readonly a: A | undefined;
  readonly b: B | undefined;
}

/** Two sorted lists of ranges laid over each other: pieces in which neither changes, sorted. Ids that neither has are left out. */
export function overlay<A extends VidRange, B extends VidRange>(
  a: readonly A[],
  b: readonly B[],
): readonly Piece<A, B>[] {
  const pieces: Piece<A, B>[] = [];
  let [i, j, next] = [0, 0, 1];
  for (let [x, y] = [a[0], b[0]]; x || y; [x, y] = [a[i], b[j]]) {
    const first = Math.max(next, Math.min(x?.first ?? END, y?.first ?? END));
    const last = Math.min(endOfPiece(x, first), endOfPiece(y, first));
    pieces.push({
      first: first as Vid,
      last: last as Vid,
      a: x && x.first <= first ? x : undefined,
      b: y && y.first <= first ? y : undefined,
    });
    next = last + 1;
    if (x && x.last < next) i += 1;
    if (y && y.last < next) j += 1;
  }
  return pieces;
}

const END = 4095;

/** The last id from `first` on for which `range` says the same as for `first`. */
function endOfPiece(range: VidRange | undefined, first: number): number {
  if (!range) return END - 1;
  return range.first <= first ? range.last : range.first - 1;
}

/** A table for people: `10 20 100* 200u`, the PVID marked `*`, other untagged ones `u`, a tagged PVID `*t`. */
export function formatTable(table: VlanTable): string {
  return table.length === 0 ? 'none' : table.map((run) => formatRange(run) + markOf(run)).join(' ');
}

function markOf({ pvid, untagged }: VlanRun): string {
  if (pvid) return untagged ? '*' : '*t';
  return untagged ? 'u' : '';
}

/** The table that `text` is, as `formatTable` writes it. Throws RangeError where it is none. */
export function parseTable(text: string): VlanTable {
  if (text === 'none') return [];
  return vlanTable(
    text.split(' ').map((part) => {
      const [, first, last, mark] = /^([0-9]{1,4})(?:-([0-9]{1,4}))?(\*t|\*|u|)$/.exec(part) ?? [];
      if (first === undefined) throw new RangeError(`VLAN table ${JSON.stringify(text)}: expected as "10 20-22 100*"`);
      const range = vidRange(Number(first), Number(last ?? first));
      return { ...range, pvid: mark === '*' || mark === '*t', untagged: mark === '*' || mark === 'u' };
    }),
  );
}

/** The sorted, disjoint runs with `row` in place of what they say of its ids. */
function put(runs: readonly VlanRun[], row: VlanRun): VlanRun[] {
  const below = (id: number) => Math.min(id, row.first - 1) as Vid;
  const above = (id: number) => Math.max(id, row.last + 1) as Vid;
  return [
    ...runs.filter((run) => run.first < row.first).map((run) => ({ ...run, last: below(run.last) })),
    row,
    ...runs.filter((run) => run.last > row.last).map((run) => ({ ...run, first: above(run.first) })),
  ];
}

/** Sorted, disjoint runs, made as long as they can be. */
function mergeRuns(runs: readonly VlanRun[]): VlanTable {
  const merged: VlanRun[] = [];
  for (const { first, last, pvid, untagged } of runs) {
    const before = merged.at(-1);
    const joins = before && before.last + 1 === first && !before.pvid && !pvid && before.untagged === untagged;
    if (joins) merged[merged.length - 1] = { ...before, last };
    else merged.push({ first, last, pvid, untagged });
  }
  return merged;
}
