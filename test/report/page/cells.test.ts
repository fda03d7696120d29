import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { VnetReport } from '../../../src/model/report.ts';
import { parseTable, tableFrom, type VlanTable, vidRange, vlanTable } from '../../../src/model/vlan.ts';
import { evaluate } from '../../../src/policy/evaluate.ts';
import { type Cell, type CellRun, cellAt, cellsOf, columnsOf } from '../../../src/report/page/cells.ts';
import { GOOD, POLICY, snapshotOf, table, VLANS } from './fixture.ts';

function vnet(vlans: VlanTable): VnetReport {
  const report = evaluate(snapshotOf([{ name: 'vm', vlans }]), POLICY).bridges[0]?.vnets[0];
  if (!report) throw new Error('no vnet');
  return report;
}

test('a compliant vnet has tagged VLANs and its PVID', () => {
  const cells = cellsOf(vnet(GOOD));
  expect(cells.map(({ first, last, cell }) => [first, last, cell])).toEqual(
    VLANS.map((id) => [id, id, id === 100 ? 'pvid' : 'tagged']),
  );
});

test('a freshly attached vnet has a PVID that should not be, and misses all else', () => {
  const cells = cellsOf(vnet(table([], 1)));
  expect(cellAt(cells, 1)).toBe('pvid_here');
  expect(cellAt(cells, 10)).toBe('missing');
  expect(cellAt(cells, 100)).toBe('pvid_absent');
});

test('the expected PVID as a tagged VLAN should be the PVID', () => {
  expect(cellAt(cellsOf(vnet(table(VLANS))), 100)).toBe('pvid_absent');
});

test('an untagged member is a tagging error, a surplus one is unexpected', () => {
  const untagged40 = vlanTable([...GOOD, { ...vidRange(40), pvid: false, untagged: true }]);
  expect(cellAt(cellsOf(vnet(untagged40)), 40)).toBe('tagging');
  expect(cellAt(cellsOf(vnet(table([...VLANS, 200], 100))), 200)).toBe('unexpected');
});

test('neighbours of one look are one run, and of two looks two', () => {
  const trunk = tableFrom([vidRange(10, 12)], undefined);
  const report = evaluate(snapshotOf([{ name: 'vm', vlans: parseTable('10 11 200 201u') }]), {
    ...POLICY,
    bridges: POLICY.bridges.map((bridge) => ({ ...bridge, table: trunk, rules: [] })),
  });
  const cells = report.bridges[0]?.vnets.flatMap(cellsOf).map(({ first, last, cell }) => `${first}-${last} ${cell}`);
  expect(cells).toEqual(['10-11 tagged', '12-12 missing', '200-201 unexpected']);
});

test('where the table is unknown, each expected VLAN is', () => {
  const cells = cellsOf({ ...vnet(GOOD), actual: undefined });
  expect(new Set(cells.map(({ cell }) => cell))).toEqual(new Set(['unknown']));
});

test('neighbours that look the same in all rows share a column', () => {
  const trunk: CellRun[] = [{ ...vidRange(1, 4094), cell: 'tagged' }];
  const some: CellRun[] = [{ ...vidRange(10, 11), cell: 'tagged' }];
  expect(columnsOf([trunk, some])).toEqual([
    [1, 9],
    [10, 11],
    [12, 4094],
  ]);
});

const LOOKS = ['tagged', 'pvid', 'missing'] as const;

test('columns hold every cell once, and all VLANs of a column look the same in each row', () => {
  const row = fc
    .uniqueArray(fc.integer({ min: 1, max: 30 }))
    .chain((ids) => fc.tuple(...ids.map((id) => fc.tuple(fc.constant(id), fc.constantFrom<Cell>(...LOOKS)))))
    .map((entries) => entries.sort(([a], [b]) => a - b).map(([id, cell]): CellRun => ({ ...vidRange(id), cell })));
  fc.assert(
    fc.property(fc.array(row), (rows) => {
      const vids = columnsOf(rows).flatMap(([first, last]) => {
        for (const cells of rows) {
          for (let id = first; id <= last; id++) expect(cellAt(cells, id)).toBe(cellAt(cells, first));
        }
        return Array.from({ length: last - first + 1 }, (_, i) => first + i);
      });
      expect(vids).toEqual([...new Set(rows.flat().map(({ first }) => first))].sort((a, b) => a - b));
    }),
  );
});
