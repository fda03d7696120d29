// What the kernel does to one port's VLAN table (net/bridge/br_vlan.c), for tests: `add` replaces the flags of a row, a port has
// one PVID, deleting an absent VLAN succeeds.
import fc from 'fast-check';
import type { VlanChange } from '../../src/model/plan.ts';
import { listVids, type VlanRun, type VlanTable, vid, vidRange, vlanTable } from '../../src/model/vlan.ts';

export function applyChange(table: VlanTable, change: VlanChange): VlanTable {
  const rows = new Map(rowsOf(table).map((row) => [row.first, row]));
  for (const id of listVids([change], 4094)) {
    rows.delete(vid(id));
    if (change.action === 'delete') continue;
    if (change.pvid) for (const row of rows.values()) rows.set(row.first, { ...row, pvid: false });
    rows.set(vid(id), { ...vidRange(id), pvid: change.pvid, untagged: change.untagged });
  }
  return vlanTable(rows.values());
}

/** One row for each VLAN, as the kernel keeps them. */
export function rowsOf(table: VlanTable): readonly VlanRun[] {
  return table.flatMap((run) => listVids([run], 4094).map((id) => ({ ...run, ...vidRange(id) })));
}

export function applyChanges(table: VlanTable, changes: readonly VlanChange[]): VlanTable {
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
        (row, i): VlanRun => ({
          ...vidRange(row.id),
          untagged: row.untagged,
          pvid: hasPvid && i === pvid % rows.length,
        }),
      ),
    ),
  );
