import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { VnetReport } from '../../../src/model/report.ts';
import { type VlanTable, vid, vlanTable } from '../../../src/model/vlan.ts';
import { evaluate } from '../../../src/policy/evaluate.ts';
import { type Cell, cellsOf, columnsOf } from '../../../src/report/page/cells.ts';
import { GOOD, POLICY, snapshotOf, table, VLANS } from './fixture.ts';

function vnet(vlans: VlanTable): VnetReport {
  const report = evaluate(snapshotOf([{ name: 'vm', vlans }]), POLICY).bridges[0]?.vnets[0];
  if (!report) throw new Error('no vnet');
  return report;
}

test('a compliant vnet has tagged VLANs and its PVID', () => {
  expect([...cellsOf(vnet(GOOD))]).toEqual(VLANS.map((id) => [id, id === 100 ? 'pvid' : 'tagged']));
});

test('a freshly attached vnet has a PVID that should not be, and misses all else', () => {
  const cells = cellsOf(vnet(table([], 1)));
  expect(cells.get(1)).toBe('pvid_here');
  expect(cells.get(10)).toBe('missing');
  expect(cells.get(100)).toBe('pvid_absent');
});

test('the expected PVID as a tagged VLAN should be the PVID', () => {
  expect(cellsOf(vnet(table(VLANS))).get(100)).toBe('pvid_absent');
});

test('an untagged member is a tagging error, a surplus one is unexpected', () => {
  const untagged40 = vlanTable([...GOOD, { vid: vid(40), pvid: false, untagged: true }]);
  expect(cellsOf(vnet(untagged40)).get(40)).toBe('tagging');
  expect(cellsOf(vnet(table([...VLANS, 200], 100))).get(200)).toBe('unexpected');
});

test('where the table is unknown, each expected VLAN is', () => {
  const cells = cellsOf({ ...vnet(GOOD), actual: undefined });
  expect(new Set(cells.values())).toEqual(new Set(['unknown']));
});

test('neighbours that look the same in all rows share a column', () => {
  const trunk = new Map<number, Cell>(Array.from({ length: 4094 }, (_, i) => [i + 1, 'tagged']));
  const some = new Map<number, Cell>([
    [10, 'tagged'],
    [11, 'tagged'],
  ]);
  expect(columnsOf([trunk, some])).toEqual([
    [1, 9],
    [10, 11],
    [12, 4094],
  ]);
});

test('columns hold every cell once, and all VLANs of a column look the same in each row', () => {
  const row = fc
    .array(fc.tuple(fc.integer({ min: 1, max: 30 }), fc.constantFrom<Cell>('tagged', 'pvid', 'missing')))
    .map((entries) => new Map(entries.sort(([a], [b]) => a - b)));
  fc.assert(
    fc.property(fc.array(row), (rows) => {
      const vids = columnsOf(rows).flatMap(([first, last]) => {
        for (const cells of rows) {
          for (let id = first; id <= last; id++) expect(cells.get(id)).toBe(cells.get(first));
        }
        return Array.from({ length: last - first + 1 }, (_, i) => first + i);
      });
      expect(vids).toEqual([...new Set(rows.flatMap((cells) => [...cells.keys()]))].sort((a, b) => a - b));
    }),
  );
});
