// Ranges held against the plain model: a Set of ids, a Map from id to flags.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  countVids,
  formatTable,
  formatVids,
  hasVid,
  listVids,
  overlay,
  parseTable,
  pvidOf,
  rowsIn,
  rowsWithout,
  sameTable,
  tableFrom,
  type VlanRun,
  type VlanTable,
  vid,
  vidRange,
  vidsFrom,
  vidsInBoth,
  vidsWithout,
  vlanTable,
} from '../../src/model/vlan.ts';

// Close together, so that ranges meet; and at both ends.
const low = fc.integer({ min: 1, max: 20 });
const high = fc.integer({ min: 4085, max: 4094 });
const id = fc.oneof(low, high);
const range = fc
  .oneof(fc.tuple(low, low), fc.tuple(high, high))
  .map(([a, b]) => vidRange(Math.min(a, b), Math.max(a, b)));
const ranges = fc.array(range, { maxLength: 8 });
const row: fc.Arbitrary<VlanRun> = fc
  .tuple(range, fc.boolean(), fc.boolean())
  .map(([{ first, last }, pvid, untagged]) => ({ first, last: pvid ? first : last, pvid, untagged }));
const rows = fc.array(row, { maxLength: 8 });

type IdSet = ReadonlySet<number>;
const idsOf = (all: readonly { first: number; last: number }[]): IdSet =>
  new Set(all.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, i) => first + i)));
const fromIds = (ids: IdSet) => vidsFrom([...ids].map((n) => vidRange(n)));
const rowsById = (all: readonly VlanRun[]) =>
  new Map(all.flatMap((run) => [...idsOf([run])].map((n) => [n, `${run.pvid} ${run.untagged}`] as const)));

describe('a set of ids', () => {
  test('has one normal form, whatever ranges it is made of', () => {
    fc.assert(
      fc.property(ranges, (some) => {
        const vids = vidsFrom(some);
        expect(idsOf(vids)).toEqual(idsOf(some));
        expect(vids).toEqual(fromIds(idsOf(some)));
        for (const [i, { first, last }] of vids.entries()) {
          expect(first).toBeLessThanOrEqual(last);
          expect((vids[i - 1]?.last ?? -1) + 1).toBeLessThan(first);
        }
      }),
    );
  });

  test('is subtracted, shared, counted, asked and listed as the ids one by one', () => {
    fc.assert(
      fc.property(ranges, ranges, fc.nat(30), (a, b, limit) => {
        const [x, y] = [vidsFrom(a), vidsFrom(b)];
        const [inA, inB] = [idsOf(a), idsOf(b)];
        const left = [...inA].filter((n) => !inB.has(n)).sort((m, n) => m - n);
        expect(vidsWithout(x, y)).toEqual(fromIds(new Set(left)));
        expect(vidsInBoth(x, y)).toEqual(fromIds(new Set([...inA].filter((n) => inB.has(n)))));
        expect(countVids(x)).toBe(inA.size);
        expect(listVids(vidsWithout(x, y), limit)).toEqual(left.slice(0, limit));
        for (const n of [1, 5, 4094]) expect(hasVid(x, n)).toBe(inA.has(n));
      }),
    );
  });

  test('is said as ranges', () => {
    expect(formatVids(vidsFrom([vidRange(10), vidRange(12), vidRange(11), vidRange(200)]))).toBe('10-12 200');
    expect(formatVids([])).toBe('none');
  });
});

describe('a table', () => {
  test('has one normal form: two lists of rows that the kernel would make the same are equal', () => {
    fc.assert(
      fc.property(rows, (some) => {
        const byId = rowsById(some);
        const table = vlanTable(some);
        expect(rowsById(table)).toEqual(new Map([...byId].sort(([a], [b]) => a - b)));
        const oneByOne = [...byId].map(([n, flags]): VlanRun => {
          const [pvid, untagged] = flags.split(' ');
          return { ...vidRange(n), pvid: pvid === 'true', untagged: untagged === 'true' };
        });
        expect(vlanTable(oneByOne)).toEqual(table);
        expect(vlanTable(table)).toEqual(table);
      }),
    );
  });

  test('is as short as can be, and its PVID is a run of its own', () => {
    fc.assert(
      fc.property(rows, (some) => {
        const table = vlanTable(some);
        for (const [i, run] of table.entries()) {
          const before = table[i - 1];
          if (run.pvid) expect(run.first).toBe(run.last);
          const touches = before && before.last + 1 === run.first && !before.pvid && !run.pvid;
          if (touches) expect(before.untagged).not.toBe(run.untagged);
        }
      }),
    );
  });

  test('is equal to another exactly when each id has the same row', () => {
    fc.assert(
      fc.property(rows, rows, (a, b) => {
        const [x, y] = [vlanTable(a), vlanTable(b)];
        const text = (table: VlanTable) => JSON.stringify([...rowsById(table)]);
        expect(sameTable(x, y)).toBe(text(x) === text(y));
        expect(sameTable(x, structuredClone(x))).toBe(true);
      }),
    );
  });

  test.each([
    ['1-5', '1-6'],
    ['1-6', '2-6'],
    ['5', '5u'],
    ['5*', '5*t'],
    ['5', '5 7'],
    ['none', '5'],
  ])('of %s is not that of %s', (a, b) => {
    expect([sameTable(parseTable(a), parseTable(b)), sameTable(parseTable(b), parseTable(a))]).toEqual([false, false]);
  });

  test('is what its text says', () => {
    fc.assert(
      fc.property(rows, (some) => {
        expect(parseTable(formatTable(vlanTable(some)))).toEqual(vlanTable(some));
      }),
    );
  });

  test('of a trunk is one run, and three with a PVID in the middle', () => {
    expect(tableFrom([vidRange(1, 4094)], undefined)).toHaveLength(1);
    expect(formatTable(tableFrom([vidRange(1, 4094)], vid(100)))).toBe('1-99 100* 101-4094');
  });

  test('has the PVID as a member, wherever the VLANs stand', () => {
    fc.assert(
      fc.property(ranges, id, (vlans, pvid) => {
        const table = tableFrom(vidsFrom(vlans), vid(pvid));
        expect(pvidOf(table)).toBe(pvid);
        expect(idsOf(vidsFrom(table))).toEqual(new Set([...idsOf(vidsFrom(vlans)), pvid].sort((a, b) => a - b)));
      }),
    );
  });

  test('falls into the rows that lie in another one and those that do not, each as it was', () => {
    fc.assert(
      fc.property(rows, rows, (a, b) => {
        const [x, y] = [vlanTable(a), vlanTable(b)];
        const [inside, outside] = [rowsIn(x, y), rowsWithout(x, y)];
        expect(vidsFrom(inside)).toEqual(vidsInBoth(x, y));
        expect(vidsFrom(outside)).toEqual(vidsWithout(x, y));
        for (const part of [inside, outside]) expect(part).toEqual(vlanTable(part));
        expect(vlanTable([...inside, ...outside])).toEqual(x);
      }),
    );
  });

  test('is as good as the set of its ids where only those count', () => {
    fc.assert(
      fc.property(rows, rows, id, fc.nat(30), (a, b, pvid, limit) => {
        const [x, y] = [vlanTable(a), vlanTable(b)];
        const [xIds, yIds] = [vidsFrom(x), vidsFrom(y)];
        expect(vidsWithout(x, y)).toEqual(vidsWithout(xIds, yIds));
        expect(vidsInBoth(x, y)).toEqual(vidsInBoth(xIds, yIds));
        expect(listVids(x, limit)).toEqual(listVids(xIds, limit));
        expect(tableFrom(x, vid(pvid))).toEqual(tableFrom(xIds, vid(pvid)));
        expect(tableFrom(x, undefined)).toEqual(tableFrom(xIds, undefined));
      }),
    );
  });

  test('with a range as PVID is none', () => {
    expect(() => vlanTable([{ ...vidRange(1, 2), pvid: true, untagged: true }])).toThrow(RangeError);
  });
});

test('pieces of two tables laid over each other say of each id what the tables say, in order and without gaps or overlap', () => {
  fc.assert(
    fc.property(rows, rows, (some, others) => {
      const [a, b] = [vlanTable(some), vlanTable(others)];
      const pieces = overlay(a, b);
      const side = (of: 'a' | 'b') =>
        rowsById(
          pieces.flatMap((piece) => (piece[of] ? [{ ...piece[of], first: piece.first, last: piece.last }] : [])),
        );
      expect(side('a')).toEqual(rowsById(a));
      expect(side('b')).toEqual(rowsById(b));
      for (const [i, piece] of pieces.entries()) {
        expect(piece.a ?? piece.b).toBeDefined();
        expect(pieces[i - 1]?.last ?? 0).toBeLessThan(piece.first);
      }
    }),
  );
});

test.each([
  ['20-10', 'the lower one first'],
  ['0', 'from 1 to 4094'],
  ['10-4095', 'from 1 to 4094'],
  ['1-5*', 'one id as PVID'],
])('%s is no table: %s', (text, why) => {
  expect(() => parseTable(text)).toThrow(why);
});
