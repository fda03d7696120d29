import { expect, test } from 'vitest';
import { isUnread, isWhole, type Report, type Unknown } from '../../src/model/report.ts';
import {
  allReadErrors,
  type Domain,
  readErrors,
  readingOf,
  tableOf,
  vlanProtocolOf,
} from '../../src/model/snapshot.ts';

const report = (...kinds: Unknown['kind'][]): Report => ({
  takenAt: 0,
  policySha256: '',
  bridges: [],
  unknowns: kinds.map((kind) => ({ kind, name: undefined, problem: 'no' })),
  portless: [],
});

test('a report is whole where all readers read, though one domain or the FDB could not be read', () => {
  expect([report(), report('domain', 'bridge', 'fdb', 'taps')].map(isWhole)).toEqual([true, true]);
  for (const kind of ['links', 'vlans', 'domains'] as const) expect(isWhole(report('domain', kind))).toBe(false);
});

test('a reader is asked for by name', () => {
  expect(isUnread(report('vlans', 'domain'), 'links', 'vlans')).toBe(true);
  expect(isUnread(report('vlans'), 'links', 'domains')).toBe(false);
});

test('what throws is a reading with its message', () => {
  const fail = () => {
    throw new Error('no');
  };
  expect([readingOf(() => 7), readingOf(fail)]).toEqual([
    { ok: true, value: 7 },
    { ok: false, error: 'no' },
  ]);
});

test('of single domains that could not be read, and of the FDB, it is told beside the parts', () => {
  const ok = { ok: true as const, value: [] };
  const whole = { takenAt: 0, links: ok, vlans: { ok: true as const, value: new Map() }, collectors: [] };
  const domain = (state: Domain['state'], problem?: string): Domain => ({
    name: 'a',
    uuid: undefined,
    state,
    interfaces: [],
    ...(problem === undefined ? {} : { problem }),
  });
  const domains = [domain('unknown', '/a.xml: EACCES'), domain('unknown'), domain('running', 'not of its XML')];
  const fdb = { ok: false as const, error: 'no FDB' };
  expect(allReadErrors({ ...whole, domains: { ok: true, value: domains }, fdb })).toEqual([
    '/a.xml: EACCES',
    'a: not understood',
    'no FDB',
  ]);
  expect(allReadErrors({ ...whole, links: { ok: false, error: 'no' }, domains: ok, fdb })).toEqual(['no', 'no FDB']);
  expect(allReadErrors({ ...whole, domains: ok })).toEqual([]);
});

test('of parts that could not be read it is told why; a port that the dump does not list has no VLAN', () => {
  const unread = { ok: false as const, error: 'no' };
  const whole = { takenAt: 0, links: { ok: true as const, value: [] }, collectors: [] };
  const vlans = { ok: true as const, value: new Map([['vnet1', []]]) };
  expect(readErrors({ ...whole, vlans: unread, domains: { ok: false, error: 'nor that' } })).toEqual([
    'no',
    'nor that',
  ]);
  expect(readErrors({ ...whole, vlans, domains: { ok: true, value: [] } })).toEqual([]);
  expect([tableOf(vlans, 'vnet2'), tableOf(unread, 'vnet1')]).toEqual([[], undefined]);
  expect(tableOf(vlans, 'vnet1')).toBe(vlans.value.get('vnet1'));
});

test('a bridge filters 802.1Q or 802.1ad, by its EtherType', () => {
  expect([0x8100, 0x88a8, 0x0800, undefined].map(vlanProtocolOf)).toEqual(['802.1Q', '802.1ad', undefined, undefined]);
});
