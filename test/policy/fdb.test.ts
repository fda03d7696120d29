import { expect, test } from 'vitest';
import type { Fdb } from '../../src/model/snapshot.ts';
import { type VlanTable, vidRange, vidsFrom } from '../../src/model/vlan.ts';
import { hasNeed, judgeFdb } from '../../src/policy/fdb.ts';
import { table } from '../support/policy.ts';
import { subject } from '../support/subject.ts';

const MAC = '52:54:00:00:00:01';
const wanted = table('10 20*');
const match = {
  port: { name: 'vnet1', mac: undefined, tap: true },
  owner: subject({}, { mac: MAC, macTable: 'libvirt' }),
};
const judged = (value: Fdb, actual: VlanTable) => judgeFdb(match, { ok: true, value }, actual, wanted, wanted);
const fdbOf = (...vids: number[]) => new Map([['vnet1', new Map([[MAC, vidsFrom(vids.map((vid) => vidRange(vid)))]])]]);

test('a port without any entry lacks one in each of its VLANs', () => {
  for (const fdb of [new Map(), new Map([['vnet1', new Map([['52:54:00:00:00:02', vidsFrom([vidRange(10)])]])]])]) {
    expect(judged(fdb, wanted).deviations).toMatchObject([
      { reason: 'fdb_missing', expected: expect.stringContaining(MAC), actual: 'none in 10 20' },
    ]);
    expect(judged(fdb, wanted).need).toEqual({
      add: [vidRange(10), vidRange(20)],
      remove: [],
    });
  }
});

test('an entry that is missing is told of VLANs in which the port is and stays', () => {
  const found = (...vids: number[]) => judged(fdbOf(...vids), table('1 10')).deviations.map(({ actual }) => actual);
  expect(found()).toEqual(['none in 10']);
  expect(found(10)).toEqual([]);
});

test('entries are wanted in all VLANs that the port comes to have, and those of VLANs that go, where they are, go too', () => {
  const need = (...vids: number[]) => judged(fdbOf(...vids), table('1 5 10')).need;
  expect(need(1, 10)).toEqual({ add: [vidRange(20)], remove: [vidRange(1)] });
  expect(need(7, 10, 20)).toEqual({ add: [], remove: [] });
});

test('a VLAN that stays though no policy wants it gets no entry, and none is missed', () => {
  const stray = table('10 20* 200');
  const of = judgeFdb(match, { ok: true, value: fdbOf(10, 20) }, stray, stray, wanted);
  expect(of).toMatchObject({ deviations: [], need: { add: [], remove: [] } });
});

test('of a domain that cannot be read no entry is missed: its ports are not asked for theirs', () => {
  const lost = { ...match, owner: { ...match.owner, domain: { ...match.owner.domain, state: 'unknown' as const } } };
  expect(judgeFdb(lost, { ok: true, value: new Map() }, wanted, wanted, wanted)).toEqual({
    deviations: [],
    need: undefined,
    unread: { reason: 'unknown', text: 'libvirt keeps its FDB, and its live XML cannot be read now' },
  });
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
