// What the kernel does to one port's VLAN table (net/bridge/br_vlan.c), for tests: `add` replaces the flags of a row, a port has
// one PVID, deleting an absent VLAN succeeds.
import fc from 'fast-check';
import type { Change } from '../../src/model/plan.ts';
import { type VlanEntry, type VlanTable, vid, vlanTable } from '../../src/model/vlan.ts';

export function applyChange(table: VlanTable, change: Change): VlanTable {
  let rows = [...table];
  for (let id = change.first; id <= change.last; id = (id + 1) as typeof id) {
    rows = rows.filter((row) => row.vid !== id);
    if (change.action === 'delete') continue;
    if (change.pvid) rows = rows.map((row) => ({ ...row, pvid: false }));
    rows.push({ vid: id, pvid: change.pvid, untagged: change.untagged });
  }
  return vlanTable(rows);
}

export function applyChanges(table: VlanTable, changes: readonly Change[]): VlanTable {
  return changes.reduce(applyChange, table);
}

/** Tables as the kernel can hold them: at most one PVID. Ids close together, so that ranges come about. */
export const tables: fc.Arbitrary<VlanTable> = fc
  .record({
    rows: fc.uniqueArray(fc.record({ id: fc.integer({ min: 1, max: 14 }), untagged: fc.boolean() }), {
      selector: (row) => row.id,
      maxLength: 12,
    }),
    pvid: fc.nat(),
    hasPvid: fc.boolean(),
  })
  .map(({ rows, pvid, hasPvid }) =>
    vlanTable(
      rows.map(
        (row, i): VlanEntry => ({
          vid: vid(row.id),
          untagged: row.untagged,
          pvid: hasPvid && i === pvid % rows.length,
        }),
      ),
    ),
  );
