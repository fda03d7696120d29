import { expect, test } from 'vitest';
import type { Domain, Interface } from '../../src/model/snapshot.ts';
import { forgetGone, stillThere } from '../../src/remediation/intents.ts';
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
