import { expect, test } from 'vitest';
import type { Domain, Snapshot } from '../../src/model/snapshot.ts';
import { evaluate } from '../../src/policy/evaluate.ts';
import { selectDomains } from '../../src/report/select.ts';
import { bridgePolicy, policy, table } from '../support/policy.ts';

const POLICY = policy(bridgePolicy({ name: 'br0', pvid: 100 }), bridgePolicy({ name: 'br1' }));

const domain = (name: string, n: number, bridge = 'br0'): Domain => ({
  name,
  uuid: undefined,
  state: 'running',
  interfaces: [{ mac: `52:54:00:00:00:0${n}`, target: `vnet${n}`, bridge, skipped: undefined }],
});

const snapshot = (...domains: Domain[]): Snapshot => ({
  takenAt: 1,
  links: {
    ok: true,
    value: [
      {
        name: 'br0',
        vlanFiltering: true,
        defaultPvid: 1,
        ports: [{ name: 'vnet1', mac: 'fe:54:00:00:00:01', tap: true }],
      },
    ],
  },
  vlans: { ok: true, value: new Map([['vnet1', table('10 20 100*')]]) },
  domains: { ok: true, value: domains },
  collectors: [],
});

const unknowns = (name: string, ...domains: Domain[]) =>
  selectDomains(evaluate(snapshot(...domains), POLICY), [name]).unknowns.map((unknown) => [unknown.kind, unknown.name]);

test('an absent bridge is no matter of a domain that has nothing to do with it', () => {
  expect(unknowns('web', domain('web', 1))).toEqual([]);
  expect(unknowns('app', domain('web', 1), domain('app', 2, 'br1'))).toEqual([['bridge', 'br1']]);
});

test('a domain that cannot be read is no matter of another', () => {
  const broken: Domain = { name: 'broken', uuid: undefined, state: 'unknown', problem: 'x', interfaces: [] };
  expect(unknowns('web', domain('web', 1), broken)).toEqual([]);
  expect(unknowns('broken', domain('web', 1), broken)).toEqual([['domain', 'broken']]);
});

test('a source that could not be read is a matter of all', () => {
  const unread = { ...snapshot(domain('web', 1)), vlans: { ok: false as const, error: 'no' } };
  expect(selectDomains(evaluate(unread, POLICY), ['web']).unknowns).toMatchObject([{ kind: 'vlans' }]);
});

test('warnings of other domains are left out', () => {
  const shared = [domain('web', 1), { ...domain('twin', 1), name: 'twin' }, domain('app', 2)];
  const warningsFor = (name: string) =>
    selectDomains(evaluate(snapshot(...shared), POLICY), [name]).bridges.flatMap((b) =>
      b.warnings.map((w) => w.domain),
    );
  expect(warningsFor('web')).toEqual(['web']);
  expect(warningsFor('app')).toEqual([]);
});
