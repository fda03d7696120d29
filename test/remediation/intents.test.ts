import { expect, test } from 'vitest';
import type { Report, VnetReport } from '../../src/model/report.ts';
import type { Domain, Interface } from '../../src/model/snapshot.ts';
import { accept, forgetGone, hasChanged, intentsOf, stillThere } from '../../src/remediation/intents.ts';
import { table } from '../support/policy.ts';
import { subject } from '../support/subject.ts';

const MAC = '52:54:00:00:00:01';
const OTHER = '52:54:00:00:00:02';
const vm = (state: Domain['state'], ...interfaces: Partial<Interface>[]): Domain => ({
  ...subject({ state }).domain,
  interfaces: interfaces.map((iface) => subject({}, iface).iface),
});

test('what was accepted is kept of interfaces that a domain has, running or not, and of a domain that cannot be read', () => {
  const intents = { [`br0/web/${MAC}`]: '10', [`br0/db/${MAC}`]: '20' };
  const kept = (...domains: Domain[]) => Object.keys(forgetGone(intents, domains));
  for (const state of ['running', 'defined'] as const)
    expect(kept(vm(state, { mac: OTHER }, { mac: MAC }))).toEqual([`br0/web/${MAC}`]);
  expect(kept(vm('running', { mac: OTHER }))).toEqual([]);
  expect(kept(vm('unknown'))).toEqual([`br0/web/${MAC}`]);
});

test.each<[string, Domain, boolean]>([
  ['is on that bridge', vm('running', { mac: OTHER }, {}), true],
  ['is on another bridge', vm('running', { bridge: 'br1' }), false],
  ['is on no bridge', vm('running', { bridge: undefined }), false],
  [
    'is of type ethernet, whose bridge only the kernel knows',
    vm('running', { bridge: undefined, ethernet: { managed: true } }),
    true,
  ],
  ['is on a bridge that only live XML tells', vm('defined', { bridge: undefined }), true],
  ['will be on another bridge', vm('defined', { bridge: 'br1' }), false],
  ['has another MAC', vm('running', { mac: OTHER }), false],
  ['is of a domain that cannot be read', vm('unknown'), true],
  ['is of a domain that is gone', { ...vm('running', {}), name: 'db' }, false],
])('an interface that %s', (_, domain, isThere) => {
  const key = `br0/web/${MAC}`;
  expect(stillThere([key], [domain])).toEqual(isThere ? [key] : []);
});

// A router with one MAC in two networks, which its interfaces' aliases tell apart.
const twin = (text: string, undecided = false) =>
  ({ bridge: 'br0', domain: 'fw', mac: MAC, expected: { table: table(text), undecided } }) as unknown as VnetReport;
const reportOf = (...vnets: VnetReport[]) => ({ bridges: [{ vnets }] }) as unknown as Report;

test('of a MAC that a domain has twice, both tables are accepted, and neither is a change', () => {
  const intents = intentsOf([twin('50*'), twin('60*')]);
  for (const text of ['50*', '60*']) expect(hasChanged(intents, twin(text))).toBe(false);
  expect(hasChanged(intents, twin('70*'))).toBe(true);
});

test('a change of one of the two is one until it is accepted, and then the former table is a change', () => {
  const before = accept({}, reportOf(twin('50*'), twin('60*')), () => true);
  const after = [twin('50*'), twin('70*')];
  const none = accept(before, reportOf(...after), () => false);
  expect(after.map((vnet) => hasChanged(none, vnet))).toEqual([false, true]);
  const all = accept(before, reportOf(...after), () => true);
  expect([...after, twin('60*')].map((vnet) => hasChanged(all, vnet))).toEqual([false, false, true]);
});

test('where it cannot be decided what one of the two should have, what was accepted of both stays', () => {
  const before = intentsOf([twin('50*'), twin('60*')]);
  const after = accept(before, reportOf(twin('50*'), twin('10', true)), () => true);
  expect(hasChanged(after, twin('60*'))).toBe(false);
});
