import { describe, expect, test } from 'vitest';
import type { Bridge, Domain, Interface, Port, Snapshot } from '../../src/model/snapshot.ts';
import { formatTable, type VlanTable } from '../../src/model/vlan.ts';
import { evaluate, evaluation } from '../../src/policy/evaluate.ts';
import { plan } from '../../src/remediation/plan.ts';
import { bridgePolicy, policy, rule, table } from '../support/policy.ts';

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
const bridgeOf = (...ports: Port[]): Bridge => ({ name: 'br0', vlanFiltering: true, defaultPvid: 1, ports });
const tap = (last: number, name = `vnet${last}`): Port => ({ name, mac: `fe:54:00:00:00:0${last}`, tap: true });
const nic = (last: number, more: Partial<Interface> = {}): Interface => ({
  mac: `52:54:00:00:00:0${last}`,
  target: `vnet${last}`,
  bridge: 'br0',
  skipped: undefined,
  ...more,
});
const vm = (name: string, ...interfaces: Interface[]): Domain => ({ ...web, name, interfaces });
/** A snapshot of br0 with these ports, whose VLANs are all wrong. */
const host = (ports: readonly Port[], domains: readonly Domain[], more: Partial<Snapshot> = {}): Snapshot =>
  snapshot({}, { links: { ok: true, value: [bridgeOf(...ports)] }, domains: { ok: true, value: domains }, ...more });
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
    const blind = snapshot(GOOD, { vlans: { ok: false, error: 'x' } });
    expect(evaluate(blind, elsewhere).bridges[0]?.findings[0]?.actual).toBe('not a port of br0');
  });

  test('of a vnet of which it cannot be told what it should have, no VLAN is in use', () => {
    const asks = vm('web', nic(1, { vlan: { trunk: undefined, tags: [{ id: '4095' }] } }));
    const s = snapshot({ eno1: '1* 30', vnet1: '30*' }, { domains: { ok: true, value: [asks] } });
    expect(reasons(s)).toEqual(['intent_invalid vnet1']);
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
    expect(report?.findings).toMatchObject([
      {
        reason: 'mac_ambiguous',
        vnet: 'vnet1',
        domain: undefined,
        actual: 'MAC fe:54:00:00:00:01, claimed by twin (52:54:00:00:00:01), web (52:54:00:00:00:01)',
      },
    ]);
  });

  test('a port to which somebody gave another MAC is in doubt, and says which one it had from libvirt', () => {
    const links = { ok: true as const, value: [bridgeOf({ name: 'vnet1', mac: 'be:4d:3d:c8:de:94', tap: true })] };
    expect(evaluate(snapshot(GOOD, { links }), POLICY).bridges[0]?.findings.at(-1)).toMatchObject({
      reason: 'mac_ambiguous',
      actual:
        'MAC be:4d:3d:c8:de:94 and not fe:54:00:00:00:01, which libvirt gives it, claimed by web (52:54:00:00:00:01)',
    });
  });

  test('a port whose MAC cannot be read is in doubt, and says so', () => {
    const links = { ok: true as const, value: [bridgeOf({ name: 'vnet1', mac: undefined, tap: true })] };
    expect(evaluate(snapshot(GOOD, { links }), POLICY).bridges[0]?.findings.at(-1)).toMatchObject({
      reason: 'mac_ambiguous',
      actual: 'MAC unreadable, claimed by web (52:54:00:00:00:01)',
    });
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

  test('domains, of a bridge that is there and of one that is not', () => {
    const domains = { ok: false as const, error: 'x' };
    const report = evaluate(snapshot(GOOD, { domains }), POLICY);
    expect(report.unknowns).toEqual([{ kind: 'domains', name: undefined, problem: 'x' }]);
    expect(report.bridges).toMatchObject([{ present: true, findings: [], vnets: [], orphanPorts: [] }]);
    const none = evaluate(snapshot(GOOD, { domains, links: { ok: true, value: [] } }), POLICY);
    expect(none.bridges).toMatchObject([{ present: false, findings: [], vnets: [], orphanPorts: [] }]);
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

test('what is told of a bridge that does not exist is sorted by domain', () => {
  const domains: readonly Domain[] = ['z', 'a', 'm'].map((name) => ({ ...web, name }));
  const report = evaluate(
    snapshot(GOOD, { links: { ok: true, value: [] }, domains: { ok: true, value: domains } }),
    POLICY,
  );
  expect(report.bridges[0]?.findings.map(({ domain }) => domain)).toEqual(['a', 'm', 'z']);
});

test('the order of ports and domains does not matter', () => {
  const ports = [...[1, 2, 3, 4, 5, 6, 8, 9].map((last) => tap(last)), { name: 'eno1', mac: undefined, tap: false }];
  const domains = [
    vm('web', nic(1), nic(2)),
    vm('app', nic(3), nic(7), nic(7, { target: 'vnet0' })),
    ...['x', 'y'].map((name) => vm(name, nic(4), nic(5))),
    ...['q', 'p'].map((name): Domain => ({ ...vm(name), state: 'unknown', problem: name })),
  ];
  const report = evaluate(host(ports, domains), POLICY);
  expect(evaluate(host(ports.toReversed(), domains.toReversed()), POLICY)).toEqual(report);
  const [br0] = report.bridges;
  expect(br0?.vnets.map(({ vnet }) => vnet)).toEqual(['vnet3', 'vnet1', 'vnet2']);
  expect(br0?.orphanPorts).toEqual(['vnet6', 'vnet8', 'vnet9']);
  expect([...(br0?.expectedVnets ?? [])]).toEqual([
    ['app', 3],
    ['web', 2],
    ['x', 2],
    ['y', 2],
  ]);
  const findings = br0?.findings.filter(({ reason }) => ['mac_ambiguous', 'not_on_bridge'].includes(reason));
  expect(findings?.map(({ vnet }) => vnet)).toEqual(['vnet4', 'vnet5', 'vnet0', 'vnet7']);
  expect(report.unknowns.map(({ name }) => name)).toEqual(['p', 'q']);
});

test('vnets are expected of what runs, and of what has a port without live XML', () => {
  const expected = (...domains: Domain[]) => [
    ...(evaluate(host([tap(1), tap(2)], domains), POLICY).bridges[0]?.expectedVnets ?? []),
  ];
  const off: Domain = { ...vm('off', nic(2)), state: 'defined' };
  expect(expected(web, off)).toEqual([['web', 1]]);
  expect(expected(off)).toEqual([['off', 1]]);
  expect(expected({ ...web, state: 'unknown' })).toEqual([['web', 1]]);
});

test('the VLAN of VMs without a rule is missing on an uplink while such a VM runs, and no longer', () => {
  const lan = rule({ name: 'lan', domains: ['web'], vlans: [10], pvid: undefined });
  const apart = policy(bridgePolicy({ vlans: [], pvid: 999, uplinks: ['eno1'], rules: [lan] }));
  const uplink = { name: 'eno1', mac: undefined, tap: false };
  const missing = (...domains: Domain[]) =>
    evaluate(
      host([uplink, tap(1), tap(2)], domains, { vlans: snapshot({ eno1: '10', vnet1: '10', vnet2: '999*' }).vlans }),
      apart,
    ).bridges[0]?.findings.map(({ reason, actual }) => `${reason} ${actual}`);
  expect(missing(web, vm('new', nic(2)))).toEqual(['uplink_vlan_missing without 999']);
  expect(missing(web)).toEqual([]);
});

test('an orphan is a tap that is nobody’s; no other port, and no uplink', () => {
  const odd = policy(bridgePolicy({ uplinks: ['vnet1'] }));
  const veth = { name: 'veth1', mac: 'fe:54:00:00:00:03', tap: false };
  expect(evaluate(host([tap(1), tap(2), veth], []), odd).bridges[0]?.orphanPorts).toEqual(['vnet2']);
});

test('of a thousand vnets a few at a time are judged in a step', () => {
  const many = Array.from({ length: 120 }, (_, i) => ({ target: `tap${i}`, mac: `52:54:00:00:01:${hex(i)}` }));
  const ports = many.map(({ target, mac }) => ({ name: target, mac: mac.replace('52', 'fe'), tap: true }));
  const steps = evaluation(host(ports, [vm('big', ...many.map((more) => nic(1, more)))]), POLICY);
  let count = 0;
  while (!steps.next().done) count++;
  expect(count).toBe(2);
});

const hex = (n: number) => n.toString(16).padStart(2, '0');

describe('an interface that has no port on its bridge is told with what became of its tap', () => {
  const said = (s: Snapshot) =>
    evaluate(s, POLICY)
      .bridges.flatMap((b) => b.findings)
      .filter((f) => f.reason === 'not_on_bridge')
      .map((f) => f.actual);
  const of = (target: string | undefined, mac = '52:54:00:00:00:05'): Domain => ({
    ...web,
    name: 'app',
    interfaces: [{ mac, target, bridge: 'br0', skipped: undefined }],
  });
  const domains = (...all: Domain[]) => ({ domains: { ok: true as const, value: all } });

  test('it is not there', () => {
    expect(said(snapshot(GOOD, domains(of('vnet5'), web)))).toEqual(['vnet5 is not a port of br0']);
    expect(said(snapshot(GOOD, domains(of(undefined), web)))).toEqual(['no port of br0 fits']);
  });

  test('it is another domain’s, by its MAC', () => {
    expect(said(snapshot(GOOD, domains(of('vnet1'), web)))).toEqual(['vnet1 on br0 is the port of web']);
  });

  test('it is on another bridge, whether its own is there or not', () => {
    const br1 = { ...bridgeOf(tap(6), tap(5, 'vnet7')), name: 'br1' };
    const among = (...value: Bridge[]) => said(snapshot(GOOD, { ...domains(of('vnet7')), links: { ok: true, value } }));
    expect(among(bridgeOf(), { ...bridgeOf(), name: 'br2' }, br1)).toEqual(['vnet7 is a port of br1']);
    expect(among(br1)).toEqual(['vnet7 is a port of br1']);
  });

  test('it was renamed', () => {
    expect(said(snapshot(GOOD, domains(of('vnet5', '52:54:00:00:00:09'), web)))).toEqual([
      'vnet5 is not a port of br0; vnet9 there has its MAC: was it renamed?',
    ]);
  });

  test('it is no tap', () => {
    expect(said(snapshot(GOOD, domains(of('eno1', '52:00:00:00:00:01'), web)))).toEqual(['eno1 on br0 is no tap']);
  });
});

describe('warnings', () => {
  test('two running interfaces with one MAC are told of both, and of no stopped one', () => {
    const twin: Domain = { ...web, name: 'twin', interfaces: web.interfaces.map((i) => ({ ...i, target: 'vnet9' })) };
    const warnings = (state: Domain['state']) =>
      evaluate(snapshot(GOOD, { domains: { ok: true, value: [web, { ...twin, state }] } }), POLICY).bridges[0]
        ?.warnings;
    const text = 'the MAC 52:54:00:00:00:01 is that of twin (vnet9) and web (vnet1): frames for one reach the other';
    expect(warnings('running')).toEqual([
      { kind: 'mac_shared', domain: 'twin', vnet: 'vnet9', text },
      { kind: 'mac_shared', domain: 'web', vnet: 'vnet1', text },
    ]);
    expect(warnings('defined')).toEqual([]);
    const tapless = vm('tapless', nic(1, { target: undefined }));
    expect(evaluate(host([tap(1)], [web, tapless]), POLICY).bridges[0]?.warnings[0]?.text).toContain(
      'that of tapless (no tap) and web (vnet1)',
    );
  });

  test('interfaces with one MAC that are in no VLAN together are not told: the bridge looks MACs up by VLAN', () => {
    const of = (name: string, n: number, id: string) =>
      vm(name, nic(1, { target: `vnet${n}`, vlan: { tags: [{ id }] } }));
    const told = (tables: readonly string[], ids: readonly string[], more: Partial<Bridge> = {}) => {
      const ports = ids.map((_, i) => tap(1, `vnet${i}`));
      const links = { ok: true as const, value: [{ ...bridgeOf(...ports), ...more }] };
      const { vlans } = snapshot(Object.fromEntries(tables.map((text, i) => [`vnet${i}`, text])));
      const domains = ids.map((id, i) => of(`vm${i}`, i, id));
      return evaluate(host([], domains, { links, vlans }), POLICY).bridges[0]?.warnings.map(
        ({ domain, text }) => `${domain}: ${text.match(/vm\d/g)?.join(' ')}`,
      );
    };
    const both = ['vm0: vm0 vm1', 'vm1: vm0 vm1'];
    expect(told(['50*', '60*'], ['50', '60'])).toEqual([]);
    expect(told(['50*', '60*'], ['50', '50'])).toEqual(both);
    expect(told(['50* 60', '60*'], ['50', '60'])).toEqual(both);
    expect(told(['50*', '60*'], ['50', '60'], { vlanFiltering: false })).toEqual(both);
    expect(told(['50*', '60*'], ['50', '60'], { vlanFiltering: undefined })).toEqual(both);
    expect(told(['50*', '60*'], ['50', 'x'])).toEqual(both);
    expect(told(['50*', '50*', '60*'], ['50', '50', '60'])).toEqual(both);
    const unread = { vlans: { ok: false as const, error: 'no' } };
    const apart = host([tap(1, 'vnet0'), tap(1, 'vnet1')], [of('vm0', 0, '50'), of('vm1', 1, '60')], unread);
    expect(evaluate(apart, POLICY).bridges[0]?.warnings).toHaveLength(2);
  });

  test('a VM’s tap that the policy calls an uplink is told, judged, and never to be changed', () => {
    const odd = policy(bridgePolicy({ vlans: [10, 20], pvid: 100, uplinks: ['vnet1'] }));
    const report = evaluate(snapshot({ vnet1: '1*' }), odd);
    expect(report.bridges[0]?.warnings).toMatchObject([{ kind: 'uplink_is_vnet', domain: 'web', vnet: 'vnet1' }]);
    expect(report.bridges[0]?.vnets).toMatchObject([{ verdict: 'drifted', untouchable: { reason: 'uplink' } }]);
    expect(plan(report)).toMatchObject({
      vnets: [],
      refusals: [
        { reason: 'uplink', vnet: 'vnet1' },
        { reason: 'uplink_vlan_missing', vnet: 'vnet1' },
      ],
    });
  });
});

test('taps without an owner cannot be told while no domain has live XML, and are orphans else', () => {
  const stopped = { ...web, state: 'defined' as const, interfaces: [] };
  const unknowns = (...all: Domain[]) =>
    evaluate(snapshot(GOOD, { domains: { ok: true, value: all } }), POLICY).unknowns;
  expect(unknowns(stopped)).toMatchObject([
    { kind: 'taps', name: 'br0', problem: expect.stringMatching(/^vnet1 vnet9: /) },
  ]);
  expect(unknowns()).toMatchObject([{ kind: 'taps', problem: expect.stringContaining('none has live XML') }]);
  const unread = { ...web, state: 'unknown' as const, problem: '/run/libvirt/qemu/web.xml: EACCES', interfaces: [] };
  expect(unknowns(unread)).toMatchObject([
    {
      kind: 'taps',
      problem: expect.stringMatching(/no domain that can be read owns them, and there is live XML that/),
    },
    { kind: 'domain', name: 'web' },
  ]);
  expect(unknowns({ ...unread, stopped: true })[0]?.problem).toContain('none has live XML');
  expect(unknowns(web)).toEqual([]);
  expect(unknowns({ ...stopped, died: true })).toEqual([]);
  const two = policy(bridgePolicy(), bridgePolicy({ name: 'br1' }));
  const links = { ok: true as const, value: [bridgeOf(tap(9)), { ...bridgeOf(), name: 'br1' }] };
  expect(evaluate(host([], [], { links }), two).unknowns).toMatchObject([{ kind: 'taps', name: 'br0' }]);
});

test('a wrong PVID stays told while its domain cannot be read, and nobody changes it', () => {
  const lost: Domain = { ...web, state: 'unknown', problem: 'broken' };
  const report = evaluate(snapshot({ ...GOOD, vnet1: '1*' }, { domains: { ok: true, value: [lost] } }), POLICY);
  expect(report.bridges[0]?.findings[0]).toMatchObject({ reason: 'pvid_wrong', domain: 'web', vnet: 'vnet1' });
  expect(plan(report)).toMatchObject({ vnets: [], refusals: [{ reason: 'unknown', vnet: 'vnet1' }] });
});

test.each([
  [5, '5* 10 20', '10 20 100*'],
  [5, '1* 10 20', '10 20 100*'],
  [0, '1u 2 10 20', '2 10 20 100*'],
  [undefined, '1u 2 10 20', '2 10 20 100*'],
])(
  'VLAN 1 and that of the default_pvid (%s) are removed, also under "unexpected: report"',
  (defaultPvid, now, then) => {
    const links = { ok: true as const, value: [{ ...bridgeOf(tap(1)), defaultPvid }] };
    const report = evaluate(host([], [web], { links, vlans: snapshot({ vnet1: now }).vlans }), POLICY);
    expect(formatTable(report.bridges[0]?.vnets[0]?.target ?? [])).toBe(then);
  },
);

test('a bridge that is there and whose vlan_filtering could not be read is told; one that could not be looked for is not told twice', () => {
  const s = snapshot(GOOD);
  const links = {
    ok: true as const,
    value: (s.links.ok ? s.links.value : []).map((b) => ({ ...b, vlanFiltering: undefined })),
  };
  expect(evaluate({ ...s, links }, POLICY).unknowns).toEqual([
    { kind: 'bridge', name: 'br0', problem: 'its vlan_filtering could not be read' },
  ]);
  expect(evaluate({ ...s, links: { ok: false, error: 'x' } }, POLICY).unknowns).toEqual([
    { kind: 'links', name: undefined, problem: 'x' },
  ]);
});

test('a port in doubt between interfaces of one domain is a finding of that domain', () => {
  const strange = { ...web, interfaces: web.interfaces.map((i) => ({ ...i, mac: '52:54:00:00:00:77' })) };
  const report = evaluate(snapshot(GOOD, { domains: { ok: true, value: [strange] } }), POLICY);
  expect(report.bridges[0]?.findings).toMatchObject([{ reason: 'mac_ambiguous', domain: 'web', vnet: 'vnet1' }]);
});
