import { describe, expect, test } from 'vitest';
import { readSnapshot } from '../../src/host/snapshot.ts';
import type { Policy } from '../../src/model/policy.ts';
import { evaluate } from '../../src/policy/evaluate.ts';
import { configure } from '../../src/remediation/configure.ts';
import { plan } from '../../src/remediation/plan.ts';
import { createStateMemory } from '../../src/remediation/state-file.ts';
import { rule } from '../support/policy.ts';
import { createFleet, type Fleet, policyOf, told, WELL } from './fleet.ts';

/** What `heal` does: applies the plan once, whatever the guard thinks. `vnets`: so many of them only, as by names. */
async function operatorHeals(fleet: Fleet, policy = policyOf(20), vnets?: number) {
  const snapshot = await readSnapshot(fleet.host, { bridges: [{ name: 'br0' }] });
  await configure(fleet.host, plan(evaluate(snapshot, policy)).vnets.slice(0, vnets));
  if (vnets === undefined) fleet.agree(policy);
}

/** The same by name, of VMs `first` to `last`. */
async function healsByName(fleet: Fleet, first: number, last: number) {
  const snapshot = await readSnapshot(fleet.host, { bridges: [{ name: 'br0' }] });
  const names = Array.from({ length: last - first + 1 }, (_, i) => `vm-${first + i}`);
  await configure(fleet.host, plan(evaluate(snapshot, policyOf(20)), names).vnets);
}

async function healthy(vms: number): Promise<Fleet> {
  const fleet = createFleet(vms);
  await fleet.cycle('startup');
  // Long enough ago that the guard has forgotten it.
  for (let i = 0; i < 2; i++) {
    fleet.pass(3_600_000);
    await fleet.cycle('schedule');
  }
  return fleet;
}

const DEFAULT_PVID = '/sys/class/net/br0/bridge/default_pvid';

// The kernel refuses it while the bridge filters.
function setDefaultPvid({ host: { kernel } }: Fleet, pvid: number): void {
  kernel.setFiltering('br0', false);
  kernel.setDefaultPvid('br0', pvid);
  kernel.setFiltering('br0', true);
}

test('a policy that would move 40 vnets is held, shown with its commands, and said once', async () => {
  const fleet = await healthy(40);
  fleet.use(policyOf(20));
  const result = await fleet.cycle('reload');
  expect(told(result)).toHaveLength(40);
  expect(new Set(result.decisions.map((d) => d.outcome))).toEqual(new Set(['held']));
  expect(result.decisions[0]?.problem).toContain('it would move 40 vnets, more than max_vnets_per_policy_change 10');
  expect(result.status).toMatchObject({ policySha256: 'pvid 100', heldPolicySha256: 'pvid 20' });
  expect(result.status.held).toHaveLength(40);
  expect(result.status.held[0]?.changes).toEqual([
    'bridge vlan add vid 20 dev vnet0 pvid untagged',
    'bridge vlan del vid 100 dev vnet0',
  ]);
  expect(told(await fleet.cycle())).toEqual([]);
  expect(await fleet.tableOf(7)).toBe(WELL);
});

test('a restart does not forget that a policy is held', async () => {
  const fleet = await healthy(40);
  fleet.use(policyOf(20));
  await fleet.cycle('reload');
  fleet.restart();
  await fleet.cycle('startup');
  expect(fleet.status()?.held).toHaveLength(40);
  expect(await fleet.tableOf(7)).toBe(WELL);
});

test("an operator's heal is the acceptance", async () => {
  const fleet = await healthy(40);
  fleet.use(policyOf(20));
  await fleet.cycle('reload');
  await operatorHeals(fleet);
  await fleet.cycle();
  expect(fleet.status()).toMatchObject({ policySha256: 'pvid 20', heldPolicySha256: undefined, held: [] });
  expect(await fleet.tableOf(7)).toBe('10 20*');
});

test('that VMs stop is no agreement, also over a restart and a host that cannot be read for once; a higher limit is', async () => {
  const fleet = await healthy(11);
  fleet.use(policyOf(20));
  await fleet.cycle('reload');
  fleet.host.stop('vm-11');
  await fleet.cycle();
  fleet.host.sabotage((line) => line.includes('vlan show'), { exitCode: 1, stderr: 'no' }, 1);
  await fleet.cycle();
  fleet.restart();
  await fleet.cycle('startup');
  expect(fleet.status()).toMatchObject({
    heldPolicySha256: 'pvid 20',
    heldProblem: expect.stringContaining(
      'it would move 10 vnets, and it was 11 before, more than max_vnets_per_policy_change 10: to accept it, run',
    ),
  });
  expect(await fleet.tableOf(1)).toBe(WELL);
  fleet.limits.maxVnetsPerPolicyChange = 11;
  await fleet.cycle('reload');
  expect(fleet.status()).toMatchObject({ policySha256: 'pvid 20', heldProblem: undefined });
});

test('a policy to which all came by themselves, as by starts anew, is accepted', async () => {
  const fleet = await healthy(11);
  fleet.use(policyOf(20));
  await fleet.cycle('reload');
  await operatorHeals(fleet, policyOf(20), 6);
  await fleet.cycle();
  expect(fleet.status()).toMatchObject({ heldPolicySha256: 'pvid 20', held: { length: 5 } });
  await operatorHeals(fleet, policyOf(20), 11);
  await fleet.cycle();
  expect(fleet.status()).toMatchObject({ policySha256: 'pvid 20', heldProblem: undefined });
});

test('that all of its VMs stop, as at a reboot, is no agreement', async () => {
  const fleet = await healthy(11);
  fleet.use(policyOf(20));
  await fleet.cycle('reload');
  for (let vm = 1; vm <= 11; vm++) fleet.host.stop(`vm-${vm}`);
  fleet.restart();
  await fleet.cycle('startup');
  for (let vm = 1; vm <= 5; vm++) fleet.host.start(`vm-${vm}`);
  await fleet.cycle();
  expect(fleet.status()).toMatchObject({ heldPolicySha256: 'pvid 20', held: { length: 5 } });
  expect(await fleet.tableOf(1)).toBe(WELL);
});

test('another policy is counted anew', async () => {
  const fleet = await healthy(11);
  fleet.use(policyOf(20));
  await fleet.cycle('reload');
  fleet.host.stop('vm-11');
  fleet.use(policyOf(10));
  await fleet.cycle('reload');
  expect(fleet.status()).toMatchObject({ policySha256: 'pvid 10', heldProblem: undefined });
});

test('vnets that an operator moved to the held policy are not moved back', async () => {
  const fleet = await healthy(40);
  fleet.use(policyOf(20));
  await operatorHeals(fleet, policyOf(20), 5);
  expect(told(await fleet.cycle()).every((d) => d.startsWith('held'))).toBe(true);
  expect(await fleet.tableOf(1)).toBe('10 20*');
  expect(fleet.status()?.held).toHaveLength(35);
});

test('while a policy is held, a wiped vnet is healed to the accepted one', async () => {
  const fleet = await healthy(40);
  fleet.use(policyOf(20));
  fleet.host.wipe(fleet.tap(7));
  const result = await fleet.cycle();
  expect(told(result)).toContain('verified vm-7');
  expect(await fleet.tableOf(7)).toBe(WELL);
});

test('a typo is held also where all vnets are wiped at the same moment', async () => {
  const fleet = await healthy(40);
  fleet.use(policyOf(20));
  for (let vm = 1; vm <= 40; vm++) fleet.host.wipe(fleet.tap(vm));
  await fleet.cycle();
  expect(await fleet.tableOf(7)).toBe(WELL);
  expect(fleet.status()?.heldPolicySha256).toBe('pvid 20');
});

test('a typo is held also where all vnets are off their bridge at that moment', async () => {
  const fleet = await healthy(40);
  for (let vm = 1; vm <= 40; vm++) fleet.host.kernel.setMaster(fleet.tap(vm), undefined);
  fleet.use(policyOf(20));
  await fleet.cycle();
  for (let vm = 1; vm <= 40; vm++) fleet.host.kernel.setMaster(fleet.tap(vm), 'br0');
  await fleet.cycle();
  expect(await fleet.tableOf(7)).toBe(WELL);
});

test('a policy that cannot be judged, because something could not be read, is not accepted', async () => {
  const fleet = await healthy(40);
  fleet.use(policyOf(20));
  fleet.host.forbid('/run/libvirt/qemu');
  fleet.host.forbid('/etc/libvirt/qemu');
  await fleet.cycle();
  fleet.host.forbid('/run/libvirt/qemu', false);
  fleet.host.forbid('/etc/libvirt/qemu', false);
  await fleet.cycle();
  expect(fleet.status()?.heldPolicySha256).toBe('pvid 20');
  expect(await fleet.tableOf(7)).toBe(WELL);
});

test('a policy is not accepted while the domains that it would move cannot be read, one by one', async () => {
  const fleet = await healthy(40);
  fleet.use(policyOf(20));
  const files = Array.from({ length: 40 }, (_, i) => `/run/libvirt/qemu/vm-${i + 1}.xml`);
  for (let vm = 1; vm <= 40; vm++) fleet.host.setMetadata(`vm-${vm}`, `<changed xmlns='urn:somebody'/>`);
  for (const file of files) fleet.host.forbid(file);
  await fleet.cycle();
  expect(fleet.status()?.heldProblem).toMatch(/^the policy changed, and what it would move cannot be told/);
  expect(fleet.status()?.waitsForHeal).toBe(false);
  for (const file of files) fleet.host.forbid(file, false);
  await fleet.cycle();
  expect(fleet.status()).toMatchObject({ heldPolicySha256: 'pvid 20', held: { length: 40 }, waitsForHeal: true });
  expect(await fleet.tableOf(7)).toBe(WELL);
});

test('a VLAN that is only reported is no reason to move a vnet back', async () => {
  const fleet = await healthy(40);
  const reporting = policyOf(20, { unexpected: 'report' });
  fleet.use(reporting);
  await operatorHeals(fleet, reporting, 5);
  await fleet.cycle();
  expect(await fleet.tableOf(1)).toBe('10 20* 100');
});

test('a policy that moves no more vnets than allowed is accepted and healed', async () => {
  const fleet = await healthy(10);
  fleet.use(policyOf(20));
  expect(told(await fleet.cycle('reload'))).toHaveLength(10);
  expect(await fleet.tableOf(7)).toBe('10 20*');
});

test('a wipe of 40 vnets is no policy change: all heal at once', async () => {
  const fleet = await healthy(40);
  for (let vm = 1; vm <= 40; vm++) fleet.host.wipe(fleet.tap(vm));
  expect(told(await fleet.cycle())).toHaveLength(40);
});

test('a first start accepts the policy that is there', async () => {
  const fleet = createFleet(40);
  expect(told(await fleet.cycle('startup'))).toHaveLength(40);
});

test('an unreadable state holds what is above the limit, and says what to do', async () => {
  const fleet = createFleet(
    40,
    createStateMemory({ accepted: { kind: 'unknown', problem: 'state.json: torn' }, guard: {} }),
  );
  const result = await fleet.cycle('startup');
  expect(new Set(result.decisions.map((d) => d.outcome))).toEqual(new Set(['held']));
  expect(result.decisions[0]?.problem).toMatch(/unknown \(state.json: torn\).*run `libvirt-vlan-exporter heal`/);
  await operatorHeals(fleet, policyOf(100));
  await fleet.cycle();
  expect(fleet.status()).toMatchObject({ policySha256: 'pvid 100', held: [] });
});

test('an unreadable state does not hold what is within the limit', async () => {
  const fleet = createFleet(3, createStateMemory({ accepted: { kind: 'unknown', problem: 'torn' }, guard: {} }));
  expect(told(await fleet.cycle('startup'))).toHaveLength(3);
});

test('paused: nothing is changed, each vnet is said once, and all is healed when the pause is over', async () => {
  const fleet = createFleet(2);
  fleet.options.paused = true;
  expect(told(await fleet.cycle())).toEqual(['paused vm-1', 'paused vm-2']);
  expect(told(await fleet.cycle())).toEqual([]);
  expect(await fleet.tableOf(1)).toBe('1*');
  fleet.options.paused = false;
  expect(told(await fleet.cycle())).toEqual(['verified vm-1', 'verified vm-2']);
});

test('a dry run tells what it would do, and changes nothing', async () => {
  const fleet = createFleet(1);
  fleet.options.dryRun = true;
  const result = await fleet.cycle();
  expect(result.decisions).toMatchObject([{ outcome: 'dry_run', before: '1*', after: WELL }]);
  expect(await fleet.tableOf(1)).toBe('1*');
  expect(fleet.host.commands.every((line) => line.includes('show'))).toBe(true);
});

test('what a held policy waits for beside vnets is told; heal accepts it for them too', async () => {
  const fleet = await healthy(40);
  for (let vm = 30; vm <= 40; vm++) fleet.host.kernel.setMaster(fleet.tap(vm), undefined);
  fleet.use(policyOf(20));
  await operatorHeals(fleet, policyOf(20), 1000);
  await fleet.cycle();
  expect(fleet.status()).toMatchObject({
    heldPolicySha256: 'pvid 20',
    held: [],
    heldProblem: expect.stringMatching(
      /^the policy changed, and it would move 0 vnets and 11 interfaces that are off their bridge, more than .* 10: to accept it, run/,
    ),
  });
  await operatorHeals(fleet);
  await fleet.cycle();
  expect(fleet.status()).toMatchObject({ policySha256: 'pvid 20', heldProblem: undefined });
  for (let vm = 30; vm <= 40; vm++) fleet.host.kernel.setMaster(fleet.tap(vm), 'br0');
  await fleet.cycle();
  expect(await fleet.tableOf(40)).toBe('10 20*');
});

test('what is off its bridge for a moment is not counted once it is back', async () => {
  const fleet = await healthy(40);
  const isOn = (on: boolean) => {
    for (let vm = 1; vm <= 40; vm++) fleet.host.kernel.setMaster(fleet.tap(vm), on ? 'br0' : undefined);
  };
  isOn(false);
  const one = policyOf(100, { rules: [rule({ domains: ['vm-1'], pvid: 20 })] });
  fleet.use({ ...one, sha256: 'one' });
  await fleet.cycle('reload');
  isOn(true);
  await fleet.cycle();
  expect(fleet.status()).toMatchObject({ policySha256: 'one', heldProblem: undefined });
});

describe.each([
  { defaultPvid: 1, asks: { pvid: 1, vlans: [] } },
  { defaultPvid: 0, asks: { pvid: undefined, vlans: [] } },
])('a typo that asks for what a port has that joins its bridge, default PVID $defaultPvid', ({ defaultPvid, asks }) => {
  const GOOD = { ...policyOf(100, { vlans: [] }), sha256: 'good' };
  const TYPO = { ...policyOf(1, asks), sha256: 'typo' };
  const held = async () => {
    const fleet = createFleet(40);
    setDefaultPvid(fleet, defaultPvid);
    fleet.use(GOOD);
    await fleet.cycle('startup');
    fleet.pass(3_600_000);
    await fleet.cycle('schedule');
    fleet.use(TYPO);
    await fleet.cycle('reload');
    return fleet;
  };

  test('a vnet that is wiped meanwhile is healed to the accepted policy', async () => {
    const fleet = await held();
    fleet.host.wipe(fleet.tap(7));
    await fleet.cycle();
    expect(await fleet.tableOf(7)).toBe('100*');
    await fleet.cycle();
    expect(fleet.status()?.held).toHaveLength(40);
  });
  test('so are all, and the typo stays held', async () => {
    const fleet = await held();
    for (let vm = 1; vm <= 40; vm++) fleet.host.wipe(fleet.tap(vm));
    await fleet.cycle();
    expect(await fleet.tableOf(7)).toBe('100*');
    expect(fleet.status()).toMatchObject({ policySha256: 'good', heldPolicySha256: 'typo' });
  });
  test('so are those of a bridge whose default PVID cannot be read', async () => {
    const fleet = await held();
    fleet.host.forbid(DEFAULT_PVID);
    for (let vm = 1; vm <= 40; vm++) fleet.host.wipe(fleet.tap(vm));
    await fleet.cycle();
    expect(await fleet.tableOf(7)).toBe('100*');
    expect(fleet.status()).toMatchObject({ policySha256: 'good', heldPolicySha256: 'typo' });
  });
});

test('a table that no wipe leaves is arrived at, also where the default PVID cannot be read', async () => {
  const fleet = await healthy(40);
  fleet.use(policyOf(20));
  await fleet.cycle('reload');
  fleet.host.forbid(DEFAULT_PVID);
  await operatorHeals(fleet, policyOf(20), 5);
  await fleet.cycle();
  expect(await fleet.tableOf(1)).toBe('10 20*');
});

test('a vnet that heal cannot set right keeps no policy from being accepted', async () => {
  const fleet = await healthy(11);
  fleet.use(policyOf(20));
  await fleet.cycle('reload');
  await operatorHeals(fleet, policyOf(20), 10);
  fleet.agree(policyOf(20));
  await fleet.cycle();
  expect(fleet.status()).toMatchObject({ policySha256: 'pvid 20', heldProblem: undefined });
  fleet.host.wipe(fleet.tap(1));
  fleet.pass(5000);
  await fleet.cycle();
  expect(await fleet.tableOf(1)).toBe('10 20*');
});

test('an agreement to another policy is none', async () => {
  const fleet = await healthy(40);
  fleet.use(policyOf(20));
  fleet.agree(policyOf(10));
  await fleet.cycle('reload');
  expect(fleet.status()).toMatchObject({ heldPolicySha256: 'pvid 20', held: { length: 40 } });
});

test('that those that are left go off their bridge is no agreement', async () => {
  const fleet = await healthy(11);
  fleet.use(policyOf(20));
  await fleet.cycle('reload');
  fleet.host.stop('vm-11');
  for (let vm = 1; vm <= 10; vm++) fleet.host.kernel.setMaster(fleet.tap(vm), undefined);
  await fleet.cycle();
  for (let vm = 1; vm <= 10; vm++) fleet.host.kernel.setMaster(fleet.tap(vm), 'br0');
  await fleet.cycle();
  expect(await fleet.tableOf(1)).toBe(WELL);
});

test('a bridge that is gone keeps no other from a small change', async () => {
  const fleet = await healthy(9);
  fleet.host.addBridge('br-old');
  fleet.host.start({ name: 'old', uuid: 'old', interfaces: [{ mac: '52:54:00:ff:00:01', bridge: 'br-old' }] });
  const both = (pvid: number): Policy => {
    const [bridge] = policyOf(pvid).bridges;
    return { ...policyOf(pvid), bridges: bridge ? [bridge, { ...bridge, name: 'br-old' }] : [] };
  };
  fleet.use(both(100));
  await fleet.cycle();
  fleet.host.kernel.setMaster(fleet.host.taps('old')[0] ?? '', undefined);
  fleet.host.kernel.removeLink('br-old');
  fleet.use(both(20));
  await fleet.cycle('reload');
  expect(fleet.status()).toMatchObject({ policySha256: 'pvid 20', held: [], heldProblem: undefined });
  expect(await fleet.tableOf(1)).toBe('10 20*');
});

test('that some came, and the others stopped, is no agreement; nor is it where those that came stop later', async () => {
  const fleet = await healthy(22);
  fleet.use(policyOf(20));
  await fleet.cycle('reload');
  await healsByName(fleet, 1, 11);
  await fleet.cycle();
  for (let vm = 12; vm <= 22; vm++) fleet.host.stop(`vm-${vm}`);
  await fleet.cycle();
  expect(fleet.status()).toMatchObject({ heldPolicySha256: 'pvid 20', held: [] });
  for (let vm = 1; vm <= 11; vm++) fleet.host.stop(`vm-${vm}`);
  for (let vm = 12; vm <= 22; vm++) fleet.host.start(`vm-${vm}`);
  await healsByName(fleet, 12, 22);
  await fleet.cycle();
  expect(fleet.status()).toMatchObject({ heldPolicySha256: 'pvid 20', held: [] });
});

test('an edit that was held by an older version, which remembered no names, is accepted when as many have come', async () => {
  const store = createStateMemory();
  const fleet = createFleet(11, store);
  await fleet.cycle('startup');
  fleet.pass(3_600_000);
  fleet.use(policyOf(20));
  await fleet.cycle('reload');
  const state = store.load();
  if (state.accepted.kind !== 'known') throw new Error('not known');
  store.save({ ...state, accepted: { ...state.accepted, most: { sha256: 'pvid 20', count: 11 } } });
  fleet.restart();
  await healsByName(fleet, 1, 10);
  fleet.host.stop('vm-11');
  for (let i = 0; i < 2; i++) {
    await fleet.cycle();
    expect(fleet.status()).toMatchObject({ heldPolicySha256: 'pvid 20', held: [] });
  }
  fleet.host.start('vm-11');
  await healsByName(fleet, 11, 11);
  await fleet.cycle();
  expect(fleet.status()).toMatchObject({ policySha256: 'pvid 20', heldProblem: undefined });
});

test('that all VMs stop is no agreement either where what was accepted is unknown', async () => {
  const fleet = createFleet(11, createStateMemory({ accepted: { kind: 'unknown', problem: 'torn' }, guard: {} }));
  await fleet.cycle('startup');
  for (let vm = 1; vm <= 11; vm++) fleet.host.stop(`vm-${vm}`);
  await fleet.cycle();
  for (let vm = 1; vm <= 10; vm++) fleet.host.start(`vm-${vm}`);
  await fleet.cycle();
  expect(fleet.status()?.held).toHaveLength(10);
  expect(await fleet.tableOf(1)).toBe('1*');
});

test('where nothing may be moved, an edit that moves nothing is taken', async () => {
  const fleet = await healthy(1);
  fleet.limits.maxVnetsPerPolicyChange = 0;
  fleet.use({ ...policyOf(100), sha256: 'the same' });
  await fleet.cycle('reload');
  expect(fleet.status()).toMatchObject({ policySha256: 'the same', heldProblem: undefined });
});

test('an edit that names another bridge is held where it would move too many there', async () => {
  const fleet = await healthy(1);
  fleet.host.addBridge('br1');
  for (let vm = 10; vm <= 20; vm++)
    fleet.host.start({ name: `b-${vm}`, uuid: `${vm}`, interfaces: [{ mac: `52:54:00:00:01:${vm}`, bridge: 'br1' }] });
  const bridges = policyOf(100).bridges.flatMap((bridge) => [bridge, { ...bridge, name: 'br1' }]);
  fleet.use({ bridges, sha256: 'both' });
  await fleet.cycle('reload');
  expect(fleet.status()).toMatchObject({ heldPolicySha256: 'both', held: { length: 11 } });
});

describe('what a held edit would move is told', () => {
  /** Of so many vnets, some off their bridge, and some of a domain that cannot be read. */
  const heldProblem = async (vnets: number, away: number, doubtful: number) => {
    const fleet = await healthy(vnets + away + doubtful);
    for (let vm = 1; vm <= away; vm++) fleet.host.kernel.setMaster(fleet.tap(vm), undefined);
    for (let vm = away + 1; vm <= away + doubtful; vm++) {
      fleet.host.setMetadata(`vm-${vm}`, `<changed xmlns='urn:somebody'/>`);
      fleet.host.forbid(`/run/libvirt/qemu/vm-${vm}.xml`);
    }
    fleet.use(policyOf(20));
    await fleet.cycle('reload');
    return { fleet, problem: fleet.status()?.heldProblem?.replace(/, more than .*/, '') };
  };
  const UNTOLD =
    'the policy changed, and what it would move cannot be told, for not all could be read: it waits until it can';

  test.each([
    [11, 0, 0, 'the policy changed, and it would move 11 vnets'],
    [10, 1, 0, 'the policy changed, and it would move 10 vnets and 1 interfaces that are off their bridge'],
    [
      5,
      6,
      1,
      'the policy changed, and it would move 5 vnets and 6 interfaces that are off their bridge and 1 that cannot be judged now',
    ],
    [10, 0, 1, UNTOLD],
    [0, 5, 11, UNTOLD],
  ])('%d vnets, %d away, %d in doubt', async (vnets, away, doubtful, problem) => {
    expect((await heldProblem(vnets, away, doubtful)).problem).toBe(problem);
  });

  test('and how many it was before, once it is fewer', async () => {
    const { fleet } = await heldProblem(12, 0, 0);
    const told = async () => (await fleet.cycle()).status.heldProblem;
    expect(await told()).toMatch(/would move 12 vnets, more than/);
    fleet.host.stop('vm-12');
    fleet.host.setMetadata('vm-11', `<changed xmlns='urn:somebody'/>`);
    fleet.host.forbid('/run/libvirt/qemu/vm-11.xml');
    expect(await told()).toMatch(
      /would move 10 vnets and 1 that cannot be judged now, and it was 12 before, more than/,
    );
  });

  test('and that it cannot be told where a whole part of the host could not be read', async () => {
    const fleet = await healthy(1);
    fleet.host.sabotage((line) => line.includes('vlan show'), { exitCode: 1, stderr: 'no' }, 1);
    fleet.use(policyOf(20));
    expect((await fleet.cycle('reload')).status.heldProblem).toBe(UNTOLD);
  });
});

test('domains that were never read may have vnets that an edit would move', async () => {
  const fleet = await healthy(1);
  for (let vm = 10; vm <= 20; vm++) {
    fleet.host.forbid(`/run/libvirt/qemu/b-${vm}.xml`);
    fleet.host.start({ name: `b-${vm}`, uuid: `${vm}`, interfaces: [{ mac: `52:54:00:00:01:${vm}`, bridge: 'br0' }] });
  }
  fleet.use(policyOf(20));
  await fleet.cycle('reload');
  expect(fleet.status()?.heldPolicySha256).toBe('pvid 20');
});
