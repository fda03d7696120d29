import { describe, expect, test } from 'vitest';
import type { Domain, Snapshot } from '../../src/model/snapshot.ts';
import type { VlanTable } from '../../src/model/vlan.ts';
import { evaluate } from '../../src/policy/evaluate.ts';
import { bridgePolicy, policy, table } from '../support/policy.ts';

const POLICY = policy(bridgePolicy({ vlans: [10, 20], pvid: 100, uplinks: ['eno1'] }));

const web: Domain = {
  name: 'web',
  uuid: 'u-1',
  state: 'running',
  interfaces: [{ mac: '52:54:00:00:00:01', target: 'vnet1', bridge: 'br0', skipped: undefined }],
};

const snapshot = (tables: Record<string, string>, change: Partial<Snapshot> = {}): Snapshot => ({
  takenAt: 1,
  links: {
    ok: true,
    value: [
      {
        name: 'br0',
        vlanFiltering: true,
        defaultPvid: 1,
        ports: [
          { name: 'eno1', mac: '00:00:00:00:00:01', tap: false },
          { name: 'vnet1', mac: 'fe:54:00:00:00:01', tap: true },
          { name: 'vnet9', mac: 'fe:54:00:00:00:09', tap: true },
        ],
      },
    ],
  },
  vlans: { ok: true, value: new Map(Object.entries(tables).map(([port, t]): [string, VlanTable] => [port, table(t)])) },
  domains: { ok: true, value: [web] },
  collectors: [],
  ...change,
});
const GOOD = { eno1: '1* 10 20 100', vnet1: '10 20 100*' };
const reasons = (s: Snapshot) => evaluate(s, POLICY).bridges[0]?.findings.map((f) => `${f.reason} ${f.vnet}`);

test('a host as the policy wants it has no finding', () => {
  const report = evaluate(snapshot(GOOD), POLICY);
  expect(report.unknowns).toEqual([]);
  expect(report.bridges).toMatchObject([
    {
      name: 'br0',
      present: true,
      orphanPorts: ['vnet9'],
      findings: [],
      vnets: [
        {
          vnet: 'vnet1',
          domain: 'web',
          verdict: 'compliant',
          expected: { rule: 'default', table: table('10 20 100*') },
        },
      ],
    },
  ]);
  expect([...(report.bridges[0]?.expectedVnets ?? [])]).toEqual([['web', 1]]);
});

describe('findings', () => {
  test('a port that the dump does not list has no VLAN at all', () => {
    expect(reasons(snapshot({ eno1: GOOD.eno1 }))).toEqual(['pvid_missing vnet1', 'vlan_missing vnet1']);
  });

  test('an uplink that lacks a VLAN in use is named, as is one that is not on the bridge', () => {
    expect(evaluate(snapshot({ ...GOOD, eno1: '1* 10' }), POLICY).bridges[0]?.findings).toMatchObject([
      { reason: 'uplink_vlan_missing', vnet: 'eno1', expected: 'VLANs 10 20 100', actual: 'without 20 100' },
    ]);
    const elsewhere = policy(bridgePolicy({ vlans: [10, 20], pvid: 100, uplinks: ['eno9'] }));
    expect(evaluate(snapshot(GOOD), elsewhere).bridges[0]?.findings[0]?.actual).toBe('not a port of br0');
  });

  test('a bridge that does not filter is one finding, its vnets are judged all the same', () => {
    const s = snapshot(GOOD);
    const links = s.links.ok ? s.links.value.map((bridge) => ({ ...bridge, vlanFiltering: false })) : [];
    const off = { ...s, links: { ok: true as const, value: links } };
    expect(reasons(off)).toEqual(['filtering_off undefined']);
  });

  test('an interface whose tap is elsewhere is not on its bridge', () => {
    const away = { ...web, interfaces: web.interfaces.map((i) => ({ ...i, target: 'vnet5' })) };
    expect(reasons(snapshot(GOOD, { domains: { ok: true, value: [away] } }))).toEqual(['not_on_bridge vnet5']);
  });

  test('a port in doubt is a finding and no vnet', () => {
    const twin = { ...web, name: 'twin' };
    const report = evaluate(snapshot(GOOD, { domains: { ok: true, value: [twin, web] } }), POLICY).bridges[0];
    expect(report?.vnets).toEqual([]);
    expect(report?.findings).toMatchObject([{ reason: 'mac_ambiguous', vnet: 'vnet1', domain: undefined }]);
  });
});

describe('what could not be read is unknown, never wrong', () => {
  test('VLANs', () => {
    const report = evaluate(snapshot(GOOD, { vlans: { ok: false, error: 'no bridge' } }), POLICY);
    expect(report.unknowns).toEqual([{ kind: 'vlans', name: undefined, problem: 'no bridge' }]);
    expect(report.bridges).toMatchObject([{ findings: [], vnets: [{ vnet: 'vnet1', verdict: 'unknown' }] }]);
  });

  test('links', () => {
    const report = evaluate(snapshot(GOOD, { links: { ok: false, error: 'x' } }), POLICY);
    expect(report.bridges).toMatchObject([{ name: 'br0', findings: [], vnets: [] }]);
    expect(report.bridges[0]?.present).toBeUndefined();
  });

  test('domains', () => {
    const report = evaluate(snapshot(GOOD, { domains: { ok: false, error: 'x' } }), POLICY);
    expect(report.bridges).toMatchObject([{ present: true, findings: [], vnets: [], orphanPorts: [] }]);
  });

  test('one domain: the others are judged', () => {
    const bad: Domain = { name: 'bad', uuid: undefined, state: 'unknown', problem: 'broken', interfaces: [] };
    const report = evaluate(snapshot(GOOD, { domains: { ok: true, value: [bad, web] } }), POLICY);
    expect(report.unknowns).toEqual([{ kind: 'domain', name: 'bad', problem: 'broken' }]);
    expect(report.bridges[0]?.vnets).toMatchObject([{ verdict: 'compliant' }]);
  });
});

test('a bridge that does not exist is told, and its domains’ interfaces are not on it', () => {
  const report = evaluate(snapshot(GOOD, { links: { ok: true, value: [] } }), POLICY);
  expect(report.unknowns).toEqual([{ kind: 'bridge', name: 'br0', problem: 'there is no such bridge' }]);
  expect(report.bridges).toMatchObject([{ present: false, findings: [{ reason: 'not_on_bridge', domain: 'web' }] }]);
});

test('the order of ports and domains does not matter', () => {
  const s = snapshot({ eno1: '1*' }, { domains: { ok: true, value: [web, { ...web, name: 'z' }] } });
  const links = s.links.ok ? s.links.value.map((b) => ({ ...b, ports: [...b.ports].reverse() })) : [];
  const domains = s.domains.ok ? [...s.domains.value].reverse() : [];
  const reversed = { ...s, links: { ok: true as const, value: links }, domains: { ok: true as const, value: domains } };
  expect(evaluate(reversed, POLICY)).toEqual(evaluate(s, POLICY));
});
