// A port whose FDB libvirt keeps: VLANs and entries are judged, planned, applied and verified together.
import { expect, test, vi } from 'vitest';
import { parseFdbShow } from '../../src/host/linux/iproute2/text.ts';
import { createSimHost } from '../../src/host/sim/host.ts';
import { readSnapshot } from '../../src/host/snapshot.ts';
import { bridgeCommand } from '../../src/model/bridge-command.ts';
import { formatVids } from '../../src/model/vlan.ts';
import { evaluate } from '../../src/policy/evaluate.ts';
import { configure } from '../../src/remediation/configure.ts';
import { inverseOf, plan } from '../../src/remediation/plan.ts';
import { parseSnapshot, renderSnapshot } from '../../src/report/snapshot-json.ts';
import { onPrograms, type ProgramsHost } from '../support/on-programs.ts';
import { bridgePolicy, policy } from '../support/policy.ts';
import { createFleet, told } from './fleet.ts';

const MAC = '52:54:00:00:00:01';
const POLICY = policy(bridgePolicy({ vlans: [10, 11, 20], pvid: 100, unexpected: 'remove' }));

function host(kept = true): ProgramsHost {
  const sim = onPrograms(createSimHost({ now: () => 1_700_000_000_000 }));
  sim.addBridge('br0');
  sim.start({
    name: 'web',
    uuid: 'u',
    interfaces: [{ mac: MAC, bridge: 'br0', type: 'network', ...(kept && { macTable: 'libvirt' as const }) }],
  });
  return sim;
}

const snapshotOf = (sim: Parameters<typeof readSnapshot>[0]) => readSnapshot(sim, POLICY);
async function judge(sim: Parameters<typeof readSnapshot>[0]) {
  const report = evaluate(await snapshotOf(sim), POLICY);
  return { planned: plan(report), vnet: report.bridges[0]?.vnets[0] };
}
async function entries(sim: ProgramsHost): Promise<string> {
  const fdb = await sim.bridges.fdb([{ bridge: 'br0', port: 'vnet0' }]);
  return fdb.ok ? formatVids(fdb.value.get('vnet0')?.get(MAC) ?? []) : fdb.error;
}
const bridge = (sim: ProgramsHost, command: string) => sim.run('bridge', command.split(' '), { timeoutMs: 1000 });

test('a change of VLANs brings the entries with it, those of VLANs that go first', async () => {
  const sim = host();
  expect(await entries(sim)).toBe('1');
  const { planned } = await judge(sim);
  expect(planned.vnets[0]?.changes.map(bridgeCommand)).toEqual([
    `bridge fdb del ${MAC} dev vnet0 vlan 1 master`,
    'bridge vlan add vid 10-11 dev vnet0',
    'bridge vlan add vid 20 dev vnet0',
    'bridge vlan add vid 100 dev vnet0 pvid untagged',
    'bridge vlan del vid 1 dev vnet0',
    ...[10, 11, 20, 100].map((vid) => `bridge fdb replace ${MAC} dev vnet0 vlan ${vid} master static`),
  ]);
  expect((await configure(sim, planned.vnets)).map(({ result }) => result)).toEqual(['verified']);
  expect(await entries(sim)).toBe('10-11 20 100');
  const after = await judge(sim);
  expect([after.vnet?.verdict, after.planned.vnets]).toEqual(['compliant', []]);
});

test('where only a VLAN is wrong, the entries are neither changed nor read back', async () => {
  const sim = host();
  await configure(sim, (await judge(sim)).planned.vnets);
  await bridge(sim, 'vlan add vid 10 dev vnet0 untagged');
  const { planned } = await judge(sim);
  expect(planned.vnets).toMatchObject([{ fdb: undefined, changes: [{ action: 'add', first: 10 }] }]);
});

test('an entry that is missing is drift, and healed, though the VLANs are right', async () => {
  const sim = host();
  await configure(sim, (await judge(sim)).planned.vnets);
  await bridge(sim, `fdb del ${MAC} dev vnet0 vlan 20 master`);
  const { vnet, planned } = await judge(sim);
  expect(vnet?.findings.map(({ reason, actual }) => `${reason}: ${actual}`)).toEqual(['fdb_missing: none in 20']);
  expect(planned.vnets.flatMap(({ changes }) => changes.map(bridgeCommand))).toEqual([
    `bridge fdb replace ${MAC} dev vnet0 vlan 20 master static`,
  ]);
  expect((await configure(sim, planned.vnets))[0]?.result).toBe('verified');
  expect(await entries(sim)).toBe('10-11 20 100');
});

test('the inverse brings back the table and the entries', async () => {
  const sim = host();
  const [first] = (await judge(sim)).planned.vnets;
  await configure(sim, first ? [first] : []);
  for (const change of first ? inverseOf(first) : []) await bridge(sim, bridgeCommand(change).slice('bridge '.length));
  expect(await entries(sim)).toBe('1');
});

test('where libvirt keeps no FDB, it is not even read', async () => {
  const sim = host(false);
  const calls: string[] = [];
  const run: ProgramsHost['run'] = (command, args, options) => {
    calls.push(args.join(' '));
    return sim.run(command, args, options);
  };
  const { planned, vnet } = await judge(onPrograms(sim, () => run));
  expect(calls.filter((call) => call.includes('fdb'))).toEqual([]);
  expect([vnet?.fdb, planned.vnets[0]?.fdb]).toEqual([undefined, undefined]);
});

test('of no other port the entries are asked for: what machines send fills those of all that learn', async () => {
  const sim = host();
  sim.start({ name: 'noisy', uuid: 'n', interfaces: [{ mac: '52:54:00:00:00:02', bridge: 'br0' }] });
  const asked = vi.spyOn(sim.bridges, 'fdb');
  await snapshotOf(sim);
  expect(asked.mock.calls).toEqual([[[{ bridge: 'br0', port: 'vnet0' }]]]);
});

test('where it could not be read, the vnet is left alone', async () => {
  const sim = host();
  const failed = { stdout: '', stderr: '', exitCode: 1, problem: 'bridge: no' };
  const run: ProgramsHost['run'] = (command, args, options) =>
    args.includes('fdb') ? Promise.resolve(failed) : sim.run(command, args, options);
  const { planned } = await judge(onPrograms(sim, () => run));
  expect(planned.vnets).toEqual([]);
  expect(planned.refusals.map(({ reason, text }) => `${reason}: ${text}`)).toEqual([
    'unknown: libvirt keeps its FDB, which could not be read: bridge: no',
  ]);
});

test('entries that did not come are a failure, whatever the commands said', async () => {
  const sim = host();
  const { planned } = await judge(sim);
  const run: ProgramsHost['run'] = (command, args, options) => {
    const input = options.input?.replaceAll(/^fdb replace .* vlan 20 .*\n/gm, '');
    return sim.run(command, args, input === undefined ? options : { ...options, input });
  };
  const [outcome] = await configure(
    onPrograms(sim, () => run),
    planned.vnets,
  );
  expect([outcome?.result, outcome?.problem]).toEqual(['failed', `without an FDB entry for ${MAC} in 20`]);
});

test('a snapshot keeps the entries', async () => {
  const snapshot = await snapshotOf(host());
  expect(parseSnapshot(renderSnapshot(snapshot), 'f').fdb).toEqual(snapshot.fdb);
});

test('only static entries in a VLAN count; another form is an error', () => {
  const entry = { mac: MAC, ifname: 'vnet0', vlan: 7, flags: [], master: 'br0', state: 'static' };
  const all = [
    entry,
    { ...entry, vlan: 8, state: '' },
    { ...entry, vlan: 9, state: 'permanent' },
    { ...entry, vlan: undefined },
  ];
  expect(formatVids(parseFdbShow(JSON.stringify(all)).get('vnet0')?.get(MAC) ?? [])).toBe('7');
  expect(() => parseFdbShow('{}')).toThrow('expected a list of entries');
  expect(() => parseFdbShow('[{"mac":1}]')).toThrow('not an entry: {"mac":1}');
});

test('an FDB that cannot be read leaves a vnet unknown, though its VLANs are right', async () => {
  const sim = host();
  await configure(sim, (await judge(sim)).planned.vnets);
  sim.sabotage((line) => line.startsWith('bridge -j fdb'), { exitCode: 1, stderr: 'no' });
  const report = evaluate(await snapshotOf(sim), POLICY);
  expect(report.bridges[0]?.vnets[0]?.verdict).toBe('unknown');
  expect(report.unknowns).toMatchObject([{ kind: 'fdb', name: undefined, problem: expect.stringContaining('no') }]);
  expect(plan(report)).toMatchObject({ vnets: [], refusals: [{ vnet: 'vnet0', reason: 'unknown' }] });
});

test('the remediator adds entries a second after it missed them: a VM that is paused loses them before its XML says so', async () => {
  const fleet = createFleet(0);
  const { host } = fleet;
  host.start({
    name: 'web',
    uuid: 'u',
    interfaces: [{ mac: MAC, bridge: 'br0', type: 'network', macTable: 'libvirt' }],
  });
  expect(told(await fleet.cycle('startup'))).toEqual(['verified web']);
  fleet.pass(3_600_000);
  await fleet.cycle();
  const live = '/run/libvirt/qemu/web.xml';
  const running = host.readText(live);
  const lose = () => host.kernel.links.get('vnet0')?.fdb.clear();
  lose();
  const result = await fleet.cycle();
  expect([told(result), result.wakeAt]).toEqual([[], host.now() + 1000]);
  fleet.pass(500);
  host.writeFile(live, running.replace("state='running'", "state='paused'"));
  await fleet.cycle();
  fleet.pass(600);
  expect(told(await fleet.cycle())).toEqual([]);
  host.writeFile(live, running);
  await fleet.cycle();
  fleet.pass(1000);
  expect(told(await fleet.cycle())).toEqual(['verified web']);
});

test('a clock that is set back makes it wait no longer', async () => {
  const fleet = createFleet(0);
  fleet.host.start({
    name: 'web',
    uuid: 'u',
    interfaces: [{ mac: MAC, bridge: 'br0', type: 'network', macTable: 'libvirt' }],
  });
  await fleet.cycle('startup');
  fleet.pass(3_600_000);
  fleet.host.kernel.links.get('vnet0')?.fdb.clear();
  await fleet.cycle();
  fleet.pass(-3_600_000);
  await fleet.cycle();
  fleet.pass(1000);
  expect(told(await fleet.cycle())).toEqual(['verified web']);
});
