// VLAN ids and the VLAN table of one bridge port, in one normal form: sorted by id, so that comparing is equality.
// IEEE 802.1Q: 0 and 4095 are reserved. Linux: bridge(8), "bridge vlan".

/** An 802.1Q VLAN id, 1 to 4094. */
export type Vid = number & { readonly __vid: true };

/** One row of a port's VLAN table: its VLAN id, whether it is the PVID, whether frames leave the port untagged. */
export interface VlanEntry {
  readonly vid: Vid;
  readonly pvid: boolean;
  readonly untagged: boolean;
}

/** A port's VLAN table, sorted by VLAN id; empty where the port has no VLAN at all. */
export type VlanTable = readonly VlanEntry[];

/** `n` as a Vid. Throws RangeError where it is not an integer from 1 to 4094. */
export function vid(n: number): Vid {
  if (!isVid(n)) throw new RangeError(`VLAN id ${n}: expected an integer from 1 to 4094`);
  return n;
}

/** Whether `n` is an integer from 1 to 4094. */
export function isVid(n: number): n is Vid {
  return Number.isInteger(n) && n >= 1 && n <= 4094;
}

/** The ids sorted, each once. */
export function vidSet(ids: Iterable<Vid>): readonly Vid[] {
  return [...new Set(ids)].sort((a, b) => a - b);
}

/** The table in normal form: sorted by VLAN id. A VLAN id that stands twice keeps its last row, as the kernel does. */
export function vlanTable(rows: Iterable<VlanEntry>): VlanTable {
  const byVid = new Map<Vid, VlanEntry>();
  for (const row of rows) byVid.set(row.vid, row);
  return [...byVid.values()].sort((a, b) => a.vid - b.vid);
}

/** The table's PVID; undefined where the port has none (untagged frames that come in are dropped). */
export function pvidOf(table: VlanTable): Vid | undefined {
  return table.find((row) => row.pvid)?.vid;
}

/** Whether two tables in normal form are the same. */
export function sameTable(a: VlanTable, b: VlanTable): boolean {
  return a.length === b.length && a.every((row, i) => sameEntry(row, b[i]));
}

/** Whether two rows are the same. */
export function sameEntry(a: VlanEntry | undefined, b: VlanEntry | undefined): boolean {
  return a?.vid === b?.vid && a?.pvid === b?.pvid && a?.untagged === b?.untagged;
}

/** Consecutive ids as ranges, for people: `10 20 200-210`; `none` where there are none. */
export function formatVids(ids: readonly number[]): string {
  if (ids.length === 0) return 'none';
  return ranges(ids)
    .map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`))
    .join(' ');
}

/** Sorted ids as `[first, last]` pairs of consecutive runs. */
export function ranges(ids: readonly number[]): readonly (readonly [number, number])[] {
  const runs: [number, number][] = [];
  for (const id of ids) {
    const run = runs.at(-1);
    if (run && run[1] + 1 === id) run[1] = id;
    else runs.push([id, id]);
  }
  return runs;
}

/** A table for people: `10 20 100* 200u`, the PVID marked `*`, other untagged ones `u`, a tagged PVID `*t`. */
export function formatTable(table: VlanTable): string {
  const mark = (row: VlanEntry) => (row.pvid ? (row.untagged ? '*' : '*t') : row.untagged ? 'u' : '');
  const parts: string[] = [];
  for (const flags of groupByMark(table, mark)) parts.push(flags);
  return parts.length === 0 ? 'none' : parts.join(' ');
}

function groupByMark(table: VlanTable, mark: (row: VlanEntry) => string): string[] {
  const out: { first: number; last: number; mark: string }[] = [];
  for (const row of table) {
    const prev = out.at(-1);
    if (prev && prev.mark === mark(row) && prev.last + 1 === row.vid) prev.last = row.vid;
    else out.push({ first: row.vid, last: row.vid, mark: mark(row) });
  }
  return out.map((r) => (r.first === r.last ? `${r.first}${r.mark}` : `${r.first}-${r.last}${r.mark}`));
}

/** The table that `text` is, as `formatTable` writes it. Throws RangeError where it is none. */
export function parseTable(text: string): VlanTable {
  if (text === 'none') return [];
  return vlanTable(
    text.split(' ').flatMap((part) => {
      const [, first, last, mark] = /^([0-9]{1,4})(?:-([0-9]{1,4}))?(\*t|\*|u|)$/.exec(part) ?? [];
      if (first === undefined) throw new RangeError(`VLAN table ${JSON.stringify(text)}: expected as "10 20-22 100*"`);
      const row = { pvid: mark === '*' || mark === '*t', untagged: mark === '*' || mark === 'u' };
      const length = Math.max(0, Number(last ?? first) - Number(first) + 1);
      return Array.from({ length }, (_, i) => ({ vid: vid(Number(first) + i), ...row }));
    }),
  );
}
