import { expect, test } from 'vitest';
import type { Domain, Snapshot } from '../../src/model/snapshot.ts';
import { evaluate } from '../../src/policy/evaluate.ts';
import { selectDomains } from '../../src/report/select.ts';
import { bridgePolicy, policy, table } from '../support/policy.ts';
import { bridge, report, vnet } from './example.ts';

const POLICY = policy(bridgePolicy({ name: 'br0', pvid: 100 }), bridgePolicy({ name: 'br1' }));

const domain = (name: string, n: number, bridge = 'br0'): Domain => ({
  name,
  uuid: undefined,
  state: 'running',
  interfaces: [{ mac: `52:54:00:00:00:0${n}`, target: `vnet${n}`, bridge, skipped: undefined }],
});

const tap = (n: number) => ({ name: `vnet${n}`, mac: `fe:54:00:00:00:0${n}`, tap: true });

const snapshot = (...domains: Domain[]): Snapshot => ({
  takenAt: 1,
  links: {
    ok: true,
    value: [
      {
        name: 'br0',
        vlanFiltering: true,
        defaultPvid: 1,
        ports: [tap(1)],
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

test('a bridge concerns whoever has a vnet on it, or should have one', () => {
  const on = report(bridge({ name: 'br0', vnets: [vnet({ domain: 'web', vnet: 'vnet1' })] }), bridge({ name: 'br1' }));
  const kinds = ['bridge', 'taps'] as const;
  const unknowns = ['br0', 'br1', 'br9'].flatMap((name) => kinds.map((kind) => ({ kind, name, problem: '' })));
  const portless = ['web', 'app'].map((domain) => ({
    domain,
    mac: '',
    kind: 'user',
    target: undefined,
    device: undefined,
  }));
  const selected = (domains: readonly string[]) => selectDomains({ ...on, unknowns, portless }, domains);
  expect(selected(['web']).unknowns.map(({ kind, name }) => `${kind} ${name}`)).toEqual(['bridge br0', 'taps br0']);
  expect(selected(['web']).portless).toEqual(portless.slice(0, 1));
  expect(selected(['app'])).toMatchObject({ unknowns: [], portless: portless.slice(1) });
});

test('taps without an owner are a matter of the domains that may own one, whatever bridge their XML names', () => {
  const taps = (change: Partial<Domain['interfaces'][number]>, more: Partial<Domain> = {}) => {
    const [nic] = domain('web', 1).interfaces;
    const web: Domain = {
      ...domain('web', 1),
      state: 'defined',
      interfaces: nic ? [{ ...nic, ...change }] : [],
      ...more,
    };
    return unknowns('web', web, { ...domain('app', 2), state: 'defined' });
  };
  const network = { bridge: undefined, skipped: 'network without a bridge', network: 'lan', target: undefined };
  const named = { bridge: undefined, skipped: 'ethernet', mac: '52:54:00:00:00:07', ethernet: { managed: false } };
  expect(taps(network)).toEqual([['taps', 'br0']]);
  expect(taps({ bridge: 'br1', target: undefined })).toEqual([['taps', 'br0']]);
  expect(taps(named)).toEqual([['taps', 'br0']]);
  expect(taps({ ...network, mac: '' })).toEqual([['taps', 'br0']]);
  expect(taps({}, { state: 'unknown', interfaces: [] })).toEqual([
    ['taps', 'br0'],
    ['domain', 'web'],
  ]);
  expect(taps({ ...network, mac: '52:54:00:00:00:07' })).toEqual([]);
  expect(taps({ ...named, target: 'tap9' })).toEqual([]);
});

test('a port whose owner is in doubt is a matter of those who may own it', () => {
  const twin: Domain = { ...domain('twin', 1), name: 'twin' };
  const links = {
    ok: true as const,
    value: [{ name: 'br0', vlanFiltering: true, defaultPvid: 1, ports: [tap(1), tap(2)] }],
  };
  const doubt = { ...snapshot(domain('web', 1), twin, domain('app', 2)), links };
  const findingsFor = (name: string) =>
    selectDomains(evaluate(doubt, POLICY), [name]).bridges.flatMap(({ findings }) => findings.map((f) => f.reason));
  expect(findingsFor('web')).toContain('mac_ambiguous');
  expect(findingsFor('app')).not.toContain('mac_ambiguous');
});
