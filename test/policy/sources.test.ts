// What the report and the plan make of a vnet whose intent comes from the VM itself, of taps that the VM's XML alone names, and of
// the bridge's own rows.
import { describe, expect, test } from 'vitest';
import type { BridgePolicy } from '../../src/model/policy.ts';
import type { Domain, Interface, Snapshot } from '../../src/model/snapshot.ts';
import { type VlanTable, vidRange } from '../../src/model/vlan.ts';
import { evaluate } from '../../src/policy/evaluate.ts';
import { plan } from '../../src/remediation/plan.ts';
import { bridgePolicy, policy, rule, table } from '../support/policy.ts';

const MAC = '52:54:00:00:00:01';
const VLAN = { tags: [{ id: '42' }] };

interface Vm extends Partial<Interface> {
  readonly portMac?: string;
  readonly state?: Domain['state'];
}

/** One VM `web` with tap vnet1 on br0 whose default PVID is 100; `tables` by port. */
function snapshot(vm: Vm, tables: Record<string, string>, bridges: readonly string[] = ['br0']): Snapshot {
  const { portMac = 'fe:54:00:00:00:01', state = 'running', ...iface } = vm;
  const web: Interface = { mac: MAC, target: 'vnet1', bridge: 'br0', skipped: undefined, ...iface };
  const port = { name: 'vnet1', mac: portMac, tap: true };
  const rows = Object.entries(tables).map(([name, text]): [string, VlanTable] => [name, table(text)]);
  return {
    takenAt: 1,
    links: {
      ok: true,
      value: bridges.map((name, i) => ({ name, vlanFiltering: true, defaultPvid: 100, ports: i === 0 ? [port] : [] })),
    },
    vlans: { ok: true, value: new Map(rows) },
    domains: { ok: true, value: [{ name: 'web', uuid: undefined, state, interfaces: [web] }] },
    collectors: [],
  };
}

function judged(of: Snapshot, ...bridges: BridgePolicy[]) {
  const report = evaluate(of, policy(...bridges));
  const { vnets, refusals } = plan(report);
  return {
    report,
    found: report.bridges.flatMap((b) => b.findings).map((f) => `${f.reason} ${f.vnet}`),
    healed: vnets.map((v) => v.after),
    refused: refusals.map((r) => r.reason),
  };
}

describe('libvirt’s <vlan>', () => {
  test('is what the vnet should have; what the default PVID leaves over is healed away', () => {
    const { found, healed } = judged(snapshot({ vlan: VLAN }, { vnet1: '42* 100u' }), bridgePolicy({ pvid: 1 }));
    expect(found).toEqual(['vlan_unexpected vnet1']);
    expect(healed).toEqual([table('42*')]);
  });

  test('may want the PVID tagged, and that is no drift', () => {
    const vlan = { tags: [{ id: '42' }, { id: '47', nativeMode: 'tagged' }] };
    expect(judged(snapshot({ vlan }, { vnet1: '42 47*t' }), bridgePolicy()).found).toEqual([]);
    expect(judged(snapshot({ vlan }, { vnet1: '42 47*' }), bridgePolicy())).toMatchObject({
      found: ['tagging_wrong vnet1'],
      healed: [table('42 47*t')],
    });
  });

  test('that contradicts a rule is told, and nothing is changed, whatever the table', () => {
    const bridge = bridgePolicy({ rules: [rule({ domains: ['web'], pvid: 7 })] });
    for (const now of ['42*', '7* 10 20', '100*', 'none']) {
      const { found, healed, refused, report } = judged(snapshot({ vlan: VLAN }, { vnet1: now }), bridge);
      expect([found, healed, refused]).toEqual([['intent_conflict vnet1'], [], ['intent_conflict']]);
      expect(report.bridges[0]?.vnets[0]).toMatchObject({
        verdict: 'drifted',
        untouchable: { reason: 'intent_conflict' },
      });
    }
  });

  test('that contradicts a rule is told even where no VLAN can be read, and the verdict is unknown', () => {
    const bridge = bridgePolicy({ rules: [rule({ domains: ['web'], pvid: 7 })] });
    const blind: Snapshot = { ...snapshot({ vlan: VLAN }, {}), vlans: { ok: false, error: 'x' } };
    const { found, healed, report } = judged(blind, bridge);
    expect([found, healed]).toEqual([['intent_conflict vnet1'], []]);
    expect(report.bridges[0]?.vnets[0]?.verdict).toBe('unknown');
  });

  test('that libvirt refuses is told, and nothing is changed', () => {
    const { found, healed } = judged(snapshot({ vlan: { tags: [] } }, { vnet1: '100*' }), bridgePolicy({ pvid: 1 }));
    expect([found, healed]).toEqual([['intent_invalid vnet1'], []]);
  });
});

describe('type ethernet', () => {
  const ethernet = { bridge: undefined, skipped: 'ethernet' };
  const libvirts = { ...ethernet, ethernet: { managed: true } };
  const foreign = { ...ethernet, ethernet: { managed: false }, portMac: '02:00:00:00:00:09' };

  test('a tap that libvirt made is the VM’s on whatever bridge it lies, if its MAC fits', () => {
    const { report, healed } = judged(
      snapshot(libvirts, { vnet1: '100*' }),
      bridgePolicy(),
      bridgePolicy({ name: 'br1' }),
    );
    expect(report.bridges.map((b) => [...b.expectedVnets])).toEqual([[['web', 1]], []]);
    expect(healed).toEqual([table('10 20')]);
    const other = judged(snapshot({ ...libvirts, portMac: '02:00:00:00:00:09' }, { vnet1: '100*' }), bridgePolicy());
    expect([other.found, other.healed]).toEqual([['mac_ambiguous vnet1'], []]);
  });

  test('the name alone decides where somebody else made the tap', () => {
    expect(judged(snapshot(foreign, { vnet1: '100*' }), bridgePolicy()).healed).toEqual([table('10 20')]);
  });

  test('a tap on no bridge of the policy is expected nowhere', () => {
    const { found, report } = judged(snapshot({ ...libvirts, target: 'vnet7' }, {}), bridgePolicy());
    expect(found).toEqual([]);
    expect(report.bridges[0]?.expectedVnets.size).toBe(0);
  });

  test('persistent XML names no tap', () => {
    expect(judged(snapshot({ ...libvirts, state: 'defined' }, {}), bridgePolicy()).report.bridges[0]?.vnets).toEqual(
      [],
    );
  });
});

test('an interface with a tap on our bridge and no MAC is something that cannot be told, and its tap no orphan', () => {
  const { report } = judged(
    snapshot({ mac: '', bridge: undefined, skipped: 'no valid <mac address>' }, {}),
    bridgePolicy(),
  );
  expect(report.unknowns).toEqual([
    { kind: 'domain', name: 'web', problem: 'its interface vnet1 has no valid <mac address>' },
  ]);
  expect(report.bridges[0]?.orphanPorts).toEqual([]);
});

test('of an interface without a MAC nothing is told where it is stopped, has no tap, or one that is on no bridge of ours', () => {
  const nameless = { mac: '', bridge: undefined, skipped: 'no valid <mac address>' };
  const unknowns = (vm: Vm, ...bridges: string[]) =>
    judged(snapshot({ ...nameless, ...vm }, {}, bridges), bridgePolicy()).report.unknowns.filter(
      ({ kind }) => kind === 'domain',
    );
  expect(unknowns({}, 'br0')).toHaveLength(1);
  expect(unknowns({ state: 'defined' }, 'br0')).toEqual([]);
  expect(unknowns({ target: undefined }, 'br0')).toEqual([]);
  expect(unknowns({ target: 'vnet7' }, 'br0')).toEqual([]);
  expect(unknowns({}, 'br-other', 'br0')).toEqual([]);
});

test('a port whose FDB libvirt keeps is judged with its entries, and no other port is', () => {
  const fdb = { ok: true as const, value: new Map() };
  const of = (vm: Vm) => judged({ ...snapshot(vm, { vnet1: '10 20' }), fdb }, bridgePolicy());
  expect(of({ macTable: 'libvirt' }).found).toEqual(['fdb_missing vnet1']);
  expect(of({ macTable: 'libvirt' }).report.bridges[0]?.vnets[0]).toMatchObject({
    verdict: 'drifted',
    fdb: { add: [vidRange(10), vidRange(20)], remove: [] },
  });
  expect(of({}).found).toEqual([]);
  expect(of({}).report.bridges[0]?.vnets[0]).toMatchObject({ verdict: 'compliant', fdb: undefined });
  const unread = { ok: false as const, error: 'no' };
  const blind = judged({ ...snapshot({ macTable: 'libvirt' }, { vnet1: '10 20' }), fdb: unread }, bridgePolicy());
  expect(blind.report.unknowns).toEqual([{ kind: 'fdb', name: undefined, problem: 'no' }]);
  expect(blind.report.bridges[0]?.vnets[0]).toMatchObject({ verdict: 'unknown', untouchable: { reason: 'unknown' } });
});

test('where no live XML says that its domain runs, a port whose FDB libvirt keeps is unknown and left alone', () => {
  const vm = { macTable: 'libvirt', state: 'defined', target: undefined } as const;
  for (const tables of [{ vnet1: '10 20' }, { vnet1: '1*' }]) {
    const { report, healed, refused } = judged(snapshot(vm, tables), bridgePolicy());
    expect([healed, report.unknowns.map(({ name }) => name)]).toEqual([[], ['web']]);
    expect(report.bridges[0]?.vnets[0]?.untouchable?.text).toBe(
      'libvirt keeps its FDB, and no live XML says whether it runs',
    );
    expect(refused).toEqual(['unknown']);
  }
  const without = judged(snapshot({ ...vm, macTable: undefined }, { vnet1: '1*' }), bridgePolicy());
  expect([without.healed.length, without.report.unknowns]).toEqual([1, []]);
});

describe('the bridge’s own rows', () => {
  const bridge = bridgePolicy({ host: table('5* 100') });
  const good = { vnet1: '10 20' };

  test.each([
    ['5* 100', []],
    ['5* 100-200', []],
    ['5* 7', ['host_vlan_missing br0']],
    ['5* 100u', ['host_vlan_missing br0']],
    ['1* 5 100', ['host_vlan_missing br0']],
    ['none', ['host_vlan_missing br0']],
  ])('%s: %j', (own, findings) => {
    const { found, healed, refused } = judged(snapshot({}, { ...good, br0: own }), bridge);
    expect([found, healed, refused]).toEqual([findings, [], findings.map(() => 'host_vlan_missing')]);
  });

  test('a PVID of none leaves the bridge’s PVID to the host', () => {
    const tagged = bridgePolicy({ host: table('100') });
    expect(judged(snapshot({}, { ...good, br0: '1* 100' }), tagged).found).toEqual([]);
  });

  test('a VLAN of `host` is tagged: it is missing where it is the PVID, or leaves untagged', () => {
    const found = (host: string, br0: string) =>
      judged(snapshot({}, { ...good, br0 }), bridgePolicy({ host: table(host) })).found;
    expect(found('1', '1*')).toEqual(['host_vlan_missing br0']);
    expect(found('1', '1u 5*')).toEqual(['host_vlan_missing br0']);
    expect([found('1', '1 5*'), found('1*', '1*')]).toEqual([[], []]);
  });

  test('are nobody’s affair where the policy does not name them, and not told where they cannot be read', () => {
    expect(judged(snapshot({}, { ...good, br0: 'none' }), bridgePolicy()).found).toEqual([]);
    expect(judged({ ...snapshot({}, good), vlans: { ok: false, error: 'x' } }, bridge).found).toEqual([]);
  });
});
