import { expect, test } from 'vitest';
import { vidRange, vidsFrom } from '../../src/model/vlan.ts';
import { fdbDeviations, fdbNeed, hasNeed } from '../../src/policy/fdb.ts';
import { table } from '../support/policy.ts';

const MAC = '52:54:00:00:00:01';
const wanted = table('10 20*');
const is = (actual: string) => ({ actual: table(actual), target: wanted, wanted });
const fdbOf = (...vids: number[]) => new Map([['vnet1', new Map([[MAC, vidsFrom(vids.map((vid) => vidRange(vid)))]])]]);

test('a port without any entry lacks one in each of its VLANs', () => {
  for (const fdb of [new Map(), new Map([['vnet1', new Map([['52:54:00:00:00:02', vidsFrom([vidRange(10)])]])]])]) {
    expect(fdbDeviations(fdb, 'vnet1', MAC, is('10 20*'))).toMatchObject([
      { reason: 'fdb_missing', expected: expect.stringContaining(MAC), actual: 'none in 10 20' },
    ]);
    expect(fdbNeed(fdb, 'vnet1', MAC, is('10 20*'))).toEqual({
      add: [vidRange(10), vidRange(20)],
      remove: [],
    });
  }
});

test('an entry that is missing is told of VLANs in which the port is and stays', () => {
  const found = (...vids: number[]) =>
    fdbDeviations(fdbOf(...vids), 'vnet1', MAC, is('1 10')).map(({ actual }) => actual);
  expect(found()).toEqual(['none in 10']);
  expect(found(10)).toEqual([]);
});

test('entries are wanted in all VLANs that the port comes to have, and those of VLANs that go, where they are, go too', () => {
  const need = (...vids: number[]) => fdbNeed(fdbOf(...vids), 'vnet1', MAC, is('1 5 10'));
  expect(need(1, 10)).toEqual({ add: [vidRange(20)], remove: [vidRange(1)] });
  expect(need(7, 10, 20)).toEqual({ add: [], remove: [] });
});

test('a VLAN that stays though no policy wants it gets no entry, and none is missed', () => {
  const stray = { actual: table('10 20* 200'), target: table('10 20* 200'), wanted };
  expect(fdbNeed(fdbOf(10, 20), 'vnet1', MAC, stray)).toEqual({ add: [], remove: [] });
  expect(fdbDeviations(fdbOf(10, 20), 'vnet1', MAC, stray)).toEqual([]);
});

test('something is needed where an entry is to come or to go', () => {
  const one = [vidRange(10)];
  const needs = [
    { add: one, remove: [] },
    { add: [], remove: one },
    { add: one, remove: one },
    { add: [], remove: [] },
  ];
  expect([...needs, undefined].map(hasNeed)).toEqual([true, true, true, false, false]);
});
