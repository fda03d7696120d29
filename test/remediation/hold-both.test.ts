// The hold where domains ask for something else and the policy is edited, and what is out of sight meanwhile.
import { expect, test } from 'vitest';
import { readSnapshot } from '../../src/host/snapshot.ts';
import type { Policy } from '../../src/model/policy.ts';
import { evaluate } from '../../src/policy/evaluate.ts';
import { configure } from '../../src/remediation/configure.ts';
import { plan } from '../../src/remediation/plan.ts';
import { rule } from '../support/policy.ts';
import { createFleet, type Fleet, policyOf, told, WELL } from './fleet.ts';

const HEARS: Parameters<typeof policyOf>[1] = { intent: ['rules', 'vlan', 'metadata'] };
const ASKED = '7* 10 20';
const NOTHING = "<x xmlns='urn:somebody'/>";

/** VMs that are well under a policy that hears their metadata, and have none yet. */
async function healthy(vms: number, options = HEARS): Promise<Fleet> {
  const fleet = createFleet(vms);
  fleet.use({ ...policyOf(100, options), sha256: 'accepted' });
  await fleet.cycle('startup');
  for (let i = 0; i < 2; i++) {
    fleet.pass(3_600_000);
    await fleet.cycle('schedule');
  }
  return fleet;
}

function ask(fleet: Fleet, first: number, last: number, pvid: number | undefined): void {
  const xml =
    pvid === undefined
      ? NOTHING
      : `<interfaces xmlns='urn:libvirt-vlan-exporter:1'><interface pvid='${pvid}'/></interfaces>`;
  for (const vm of vms(first, last)) fleet.host.setMetadata(`vm-${vm}`, xml);
}

function edit(pvid: number, options: Parameters<typeof policyOf>[1] = {}): Policy {
  return { ...policyOf(pvid, { ...HEARS, ...options }), sha256: 'edited' };
}

function vms(first: number, last: number): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

const to = (pvid: number, ...of: readonly number[]) => [
  rule({ domains: of.map((vm) => `vm-${vm}`), vlans: [10], pvid }),
];

async function healed(fleet: Fleet): Promise<readonly string[]> {
  fleet.pass(5_000);
  return told(await fleet.cycle()).filter((d) => d.startsWith('verified'));
}

async function healByName(fleet: Fleet, policy: Policy, of: readonly number[]): Promise<void> {
  const snapshot = await readSnapshot(fleet.host, policy);
  const names = of.map((vm) => `vm-${vm}`);
  await configure(fleet.host, plan(evaluate(snapshot, policy), names).vnets, 0);
}

test('what is held because VMs ask for it keeps no small edit of the policy waiting', async () => {
  const fleet = await healthy(13);
  ask(fleet, 1, 11, 7);
  await fleet.cycle();
  fleet.use(edit(100, { rules: to(55, 12) }));
  expect(await healed(fleet)).toEqual(['verified vm-12']);
  expect(fleet.status()).toMatchObject({ heldPolicySha256: undefined, held: { length: 11 } });
  expect([await fleet.tableOf(1), await fleet.tableOf(12)]).toEqual([WELL, '10 55*']);
});

test('an edit that moves too many is held beside them, each with its own reason; an operator accepts both', async () => {
  const fleet = await healthy(24);
  ask(fleet, 1, 11, 7);
  await fleet.cycle();
  fleet.use(edit(101));
  const problems = new Set((await fleet.cycle()).decisions.map(({ problem }) => problem?.slice(0, 70)));
  expect(problems).toEqual(new Set(['the policy changed, and it would move 13 vnets, more than max_vnets_pe']));
  expect(fleet.status()).toMatchObject({ heldPolicySha256: 'edited', held: { length: 24 } });
  expect(fleet.status()?.heldProblem).toMatch(/what domains ask for changed, .*; the policy changed, /);
  fleet.agree(edit(101));
  await fleet.cycle();
  expect([await fleet.tableOf(1), await fleet.tableOf(12)]).toEqual([ASKED, '10 20 101*']);
});

test('what few domains ask for is healed also while an edit is held, though the edit would contradict one of them', async () => {
  const fleet = await healthy(15);
  fleet.use(edit(101, { rules: to(55, 1) }));
  await fleet.cycle();
  ask(fleet, 1, 2, 7);
  expect(await healed(fleet)).toEqual(['verified vm-1', 'verified vm-2']);
  expect([await fleet.tableOf(1), await fleet.tableOf(3)]).toEqual([ASKED, WELL]);
  expect(fleet.status()?.heldPolicySha256).toBe('edited');
});

test('those that are held, and an operator heals, do not count for a held edit', async () => {
  const fleet = await healthy(24);
  ask(fleet, 1, 13, 7);
  await fleet.cycle();
  const policy = { ...policyOf(100, { ...HEARS, vlans: [10, 30] }), sha256: 'edited' };
  fleet.use(policy);
  await fleet.cycle();
  await healByName(fleet, policy, vms(1, 13));
  await fleet.cycle();
  for (const vm of vms(14, 24)) fleet.host.stop(`vm-${vm}`);
  await fleet.cycle();
  for (const vm of vms(14, 23)) fleet.host.start(`vm-${vm}`);
  await fleet.cycle();
  expect(fleet.status()?.heldPolicySha256).toBe('edited');
  expect(await fleet.tableOf(14)).toBe(WELL);
});

test('a VM that was stopped when an edit was taken is healed to it when it starts', async () => {
  const fleet = await healthy(13);
  ask(fleet, 1, 11, 7);
  await fleet.cycle();
  fleet.host.stop('vm-13');
  fleet.use(edit(100, { rules: to(55, 12, 13) }));
  expect(await healed(fleet)).toEqual(['verified vm-12']);
  fleet.host.start('vm-13');
  expect(await healed(fleet)).toEqual(['verified vm-13']);
  expect([await fleet.tableOf(13), fleet.status()?.held.length]).toEqual(['10 55*', 11]);
});

test('an edit that asks domains no more ends their hold: nothing moves but what it says itself, and at once', async () => {
  const fleet = await healthy(12);
  ask(fleet, 1, 11, 7);
  await fleet.cycle();
  for (const vm of vms(2, 11)) fleet.host.wipe(fleet.tap(vm));
  await fleet.cycle();
  fleet.use(edit(100, { intent: ['rules', 'vlan'], rules: to(55, 1) }));
  expect(await healed(fleet)).toHaveLength(11);
  expect([await fleet.tableOf(1), await fleet.tableOf(2)]).toEqual(['10 55*', WELL]);
  expect(fleet.status()).toMatchObject({ held: [], heldProblem: undefined });
});

test('that they are off their bridge, stopped, or in conflict for a while is no agreement to what VMs ask for', async () => {
  const fleet = await healthy(12);
  ask(fleet, 1, 11, 7);
  await fleet.cycle();
  for (const vm of vms(1, 11)) fleet.host.kernel.setMaster(fleet.tap(vm), undefined);
  await fleet.cycle();
  fleet.restart();
  for (const vm of vms(1, 6)) fleet.host.kernel.setMaster(fleet.tap(vm), 'br0');
  expect(await healed(fleet)).toEqual([]);
  for (const vm of vms(7, 11)) fleet.host.kernel.setMaster(fleet.tap(vm), 'br0');
  expect(await healed(fleet)).toEqual([]);
  for (const vm of vms(1, 5)) fleet.host.stop(`vm-${vm}`);
  expect(await healed(fleet)).toEqual([]);
  for (const vm of vms(1, 5)) fleet.host.start(`vm-${vm}`);
  ask(fleet, 1, 5, 4095);
  expect(await healed(fleet)).toEqual([]);
  ask(fleet, 1, 5, 7);
  expect(await healed(fleet)).toEqual([]);
  expect(fleet.status()?.held).toHaveLength(11);
  // Taken back by those, they are no more than allowed.
  ask(fleet, 1, 5, undefined);
  fleet.pass(5_000);
  await fleet.cycle();
  expect([await fleet.tableOf(1), await fleet.tableOf(6)]).toEqual([WELL, ASKED]);
});

test('the owner of the VMs cannot release a held edit by a conflict with it', async () => {
  const fleet = await healthy(11);
  fleet.use(edit(100, { rules: to(20, ...vms(1, 11)) }));
  await fleet.cycle();
  ask(fleet, 1, 11, 7);
  await fleet.cycle();
  await fleet.cycle();
  ask(fleet, 1, 10, undefined);
  await fleet.cycle();
  ask(fleet, 11, 11, undefined);
  await fleet.cycle();
  await healed(fleet);
  expect(fleet.status()?.heldPolicySha256).toBe('edited');
  expect([await fleet.tableOf(1), await fleet.tableOf(11)]).toEqual([WELL, WELL]);
});

test('taps that are uplinks no more are moved by that edit', async () => {
  const fleet = createFleet(11);
  const uplinks = vms(1, 11).map(fleet.tap);
  fleet.use({ ...policyOf(100, { ...HEARS, uplinks }), sha256: 'accepted' });
  await fleet.cycle('startup');
  fleet.use(edit(100));
  expect(await healed(fleet)).toEqual([]);
  expect(fleet.status()).toMatchObject({ heldPolicySha256: 'edited', held: { length: 11 } });
});

/** As `healthy`, with VMs b-1 … b-11 of one vnet each on br1. */
async function twoBridges(): Promise<{ fleet: Fleet; policy: (sha256: string, ...bridges: string[]) => Policy }> {
  const policy = (sha256: string, ...bridges: string[]) => ({
    bridges: bridges.flatMap((name) => policyOf(100, HEARS).bridges.map((bridge) => ({ ...bridge, name }))),
    sha256,
  });
  const fleet = createFleet(12);
  fleet.host.addBridge('br1');
  for (const vm of vms(1, 11)) {
    const mac = `52:54:00:00:01:${vm.toString(16).padStart(2, '0')}`;
    fleet.host.start({ name: `b-${vm}`, uuid: `b-${vm}`, interfaces: [{ mac, bridge: 'br1' }] });
  }
  fleet.use(policy('both', 'br0', 'br1'));
  await fleet.cycle('startup');
  fleet.pass(3_600_000);
  await fleet.cycle('schedule');
  return { fleet, policy };
}

test('what waits on a bridge that the policy names no more keeps nobody else waiting', async () => {
  const { fleet, policy } = await twoBridges();
  for (const vm of vms(1, 11)) {
    const asks = `<interfaces xmlns='urn:libvirt-vlan-exporter:1'><interface pvid='7'/></interfaces>`;
    fleet.host.setMetadata(`b-${vm}`, asks);
  }
  await fleet.cycle();
  fleet.use(policy('br0 alone', 'br0'));
  await fleet.cycle();
  ask(fleet, 1, 1, 7);
  expect(await healed(fleet)).toEqual(['verified vm-1']);
});

test('nor do interfaces that were moved to another bridge', async () => {
  const { fleet } = await twoBridges();
  ask(fleet, 1, 11, 7);
  await fleet.cycle();
  for (const vm of vms(1, 11)) {
    const mac = `52:54:00:00:00:${vm.toString(16).padStart(2, '0')}`;
    fleet.host.stop(`vm-${vm}`);
    fleet.host.undefine(`vm-${vm}`);
    fleet.host.start({ name: `vm-${vm}`, uuid: `u-${vm}`, interfaces: [{ mac, bridge: 'br1' }] });
  }
  await fleet.cycle();
  ask(fleet, 12, 12, 7);
  expect(await healed(fleet)).toEqual(['verified vm-12']);
});

test('a VM that is gone waits no more in the same cycle', async () => {
  const fleet = await healthy(11);
  ask(fleet, 1, 11, 7);
  await fleet.cycle();
  fleet.host.stop('vm-11');
  fleet.host.undefine('vm-11');
  expect(await healed(fleet)).toHaveLength(10);
});

test('an edit to which all came that are left is in force, though a VM that it would have moved is gone', async () => {
  const fleet = await healthy(11);
  const policy = { ...policyOf(20, { ...HEARS, vlans: [10] }), sha256: 'edited' };
  fleet.use(policy);
  await fleet.cycle();
  fleet.host.stop('vm-11');
  fleet.host.undefine('vm-11');
  await healByName(fleet, policy, vms(1, 10));
  await fleet.cycle();
  expect(fleet.status()).toMatchObject({ heldPolicySha256: undefined, held: [] });
  fleet.host.wipe(fleet.tap(1));
  expect(await healed(fleet)).toEqual(['verified vm-1']);
  expect(await fleet.tableOf(1)).toBe('10 20*');
});

test('a heal while domains ask for what is not understood is no agreement to what they ask for then', async () => {
  const fleet = await healthy(11);
  ask(fleet, 1, 11, 4095);
  await fleet.cycle();
  fleet.agree({ ...policyOf(100, HEARS), sha256: 'accepted' });
  await fleet.cycle();
  ask(fleet, 1, 11, 7);
  expect(await healed(fleet)).toEqual([]);
  expect(fleet.status()?.held).toHaveLength(11);
});

test('an agreement counts where the host can be read', async () => {
  const fleet = await healthy(11);
  const forbid = (on: boolean) => {
    for (const folder of ['/etc/libvirt/qemu', '/run/libvirt/qemu']) fleet.host.forbid(folder, on);
  };
  forbid(true);
  fleet.agree({ ...policyOf(100, HEARS), sha256: 'accepted' });
  await fleet.cycle();
  forbid(false);
  ask(fleet, 1, 11, 7);
  expect(await healed(fleet)).toEqual([]);
});

test('what waits out of sight waits over a small edit, too', async () => {
  const fleet = await healthy(12);
  ask(fleet, 1, 11, 7);
  await fleet.cycle();
  for (const vm of vms(1, 5)) fleet.host.stop(`vm-${vm}`);
  fleet.use(edit(100, { rules: to(55, 12) }));
  expect(await healed(fleet)).toEqual(['verified vm-12']);
  expect(fleet.status()?.held).toHaveLength(6);
});

test('each vnet is held against what the policy in force makes of itself', async () => {
  const fleet = await healthy(13);
  const rules = to(55, 1);
  fleet.use({ ...edit(100, { rules }), sha256: 'first' });
  await fleet.cycle();
  for (const vm of vms(1, 13)) fleet.host.wipe(fleet.tap(vm));
  fleet.use(edit(100, { rules }));
  expect(await healed(fleet)).toHaveLength(13);
  expect(fleet.status()?.heldPolicySha256).toBeUndefined();
});
