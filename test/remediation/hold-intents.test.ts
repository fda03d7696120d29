// The hold where the policy stays and the domains ask for something else.
import { expect, test, vi } from 'vitest';
import { createFleet, type Fleet, LIMITS, policyOf, told, WELL } from './fleet.ts';

const mac = (vm: number) => `52:54:00:00:00:${vm.toString(16).padStart(2, '0')}`;
const asks = (pvid: number | string) =>
  `<interfaces xmlns='urn:libvirt-vlan-exporter:1'><interface pvid='${pvid}'/></interfaces>`;

const POLICY = { ...policyOf(100, { intent: ['rules', 'vlan', 'metadata'] }), sha256: 'with metadata' };

/** VMs that are well under a policy that hears their metadata, and have none yet. */
async function healthy(vms: number): Promise<Fleet> {
  const fleet = createFleet(vms);
  fleet.use(POLICY);
  await fleet.cycle('startup');
  for (let i = 0; i < 2; i++) {
    fleet.pass(3_600_000);
    await fleet.cycle('schedule');
  }
  return fleet;
}

function setAll(fleet: Fleet, count: number, pvid: number | string): void {
  for (let vm = 1; vm <= count; vm++) fleet.host.setMetadata(`vm-${vm}`, asks(pvid));
}

test('as many VMs as one change may move are healed to what they ask for', async () => {
  const fleet = await healthy(12);
  setAll(fleet, 10, 7);
  expect(told(await fleet.cycle()).filter((d) => d.startsWith('verified'))).toHaveLength(10);
  expect(await fleet.tableOf(1)).toBe('7* 10 20');
  expect(await fleet.tableOf(11)).toBe(WELL);
});

test('more are held, left alone, and said once; the policy itself is not held', async () => {
  const fleet = await healthy(12);
  setAll(fleet, 11, 7);
  const result = await fleet.cycle();
  expect(told(result)).toEqual(Array.from({ length: 11 }, () => expect.stringMatching(/^held vm-/)));
  expect(result.decisions[0]?.problem).toMatch(/^what domains ask for changed, and it would move 11 vnets, more than/);
  expect(result.status.heldPolicySha256).toBeUndefined();
  expect(await fleet.tableOf(1)).toBe(WELL);
  expect(told(await fleet.cycle())).toEqual([]);
});

test('a restart does not forget it', async () => {
  const fleet = await healthy(12);
  setAll(fleet, 11, 7);
  await fleet.cycle();
  fleet.restart();
  await fleet.cycle('startup');
  expect(fleet.status()?.held).toHaveLength(11);
  expect(await fleet.tableOf(1)).toBe(WELL);
});

test('while they are held, the others are healed, and those are not put back to what was accepted', async () => {
  const fleet = await healthy(13);
  setAll(fleet, 11, 7);
  await fleet.cycle();
  fleet.host.wipe(fleet.tap(1));
  fleet.host.wipe(fleet.tap(12));
  // vm-1 is told again: by now other commands are held back.
  expect(told(await fleet.cycle())).toEqual(['verified vm-12', 'held vm-1']);
  expect([await fleet.tableOf(1), await fleet.tableOf(12)]).toEqual(['1*', WELL]);
});

test('a dump that fails once releases none of them', async () => {
  const fleet = await healthy(12);
  setAll(fleet, 11, 7);
  await fleet.cycle();
  fleet.host.sabotage((line) => line.includes('show'), { exitCode: 1, stderr: 'no' }, 1);
  await fleet.cycle();
  expect(told(await fleet.cycle()).filter((d) => d.startsWith('verified'))).toEqual([]);
  expect(fleet.status()?.held).toHaveLength(11);
  expect(await fleet.tableOf(1)).toBe(WELL);
});

test('taken back, all is as it was', async () => {
  const fleet = await healthy(12);
  setAll(fleet, 11, 7);
  await fleet.cycle();
  setAll(fleet, 11, 100);
  await fleet.cycle();
  expect(fleet.status()?.held).toEqual([]);
  fleet.host.wipe(fleet.tap(1));
  await fleet.cycle();
  expect(await fleet.tableOf(1)).toBe(WELL);
});

test('<vlan> that libvirt itself has set is no reason to hold, for however many', async () => {
  const fleet = await healthy(20);
  for (let vm = 1; vm <= 20; vm++) fleet.host.setVlan(`vm-${vm}`, mac(vm), { tags: [{ id: 42 }] });
  expect(told(await fleet.cycle())).toEqual([]);
  for (let vm = 1; vm <= 20; vm++) fleet.host.wipe(fleet.tap(vm));
  await fleet.cycle();
  // libvirt might be at it.
  fleet.pass(1000);
  await fleet.cycle();
  expect([fleet.status()?.held, await fleet.tableOf(1)]).toEqual([[], '42*']);
});

test('VMs that are seen for the first time are no change, whatever they ask for', async () => {
  const fleet = await healthy(1);
  for (let n = 0; n < 20; n++)
    fleet.host.start({
      name: `new-${n}`,
      uuid: `u-${n}`,
      interfaces: [{ mac: `52:54:00:00:01:${n.toString(16).padStart(2, '0')}`, bridge: 'br0' }],
      metadata: asks(7),
    });
  expect(told(await fleet.cycle()).filter((d) => d.startsWith('verified'))).toHaveLength(20);
});

test('a VM that is stopped keeps what was accepted of it; one that is gone does not', async () => {
  const fleet = await healthy(12);
  for (let vm = 1; vm <= 11; vm++) fleet.host.stop(`vm-${vm}`);
  await fleet.cycle();
  for (let vm = 1; vm <= 11; vm++) {
    fleet.host.start(`vm-${vm}`);
    fleet.host.setMetadata(`vm-${vm}`, asks(7));
  }
  await fleet.cycle();
  expect(fleet.status()?.held).toHaveLength(11);
  for (let vm = 1; vm <= 11; vm++) {
    fleet.host.stop(`vm-${vm}`);
    fleet.host.undefine(`vm-${vm}`);
  }
  await fleet.cycle();
  for (let vm = 1; vm <= 11; vm++)
    fleet.host.start({
      name: `vm-${vm}`,
      uuid: `u-${vm}`,
      interfaces: [{ mac: mac(vm), bridge: 'br0' }],
      metadata: asks(7),
    });
  expect(told(await fleet.cycle()).filter((d) => d.startsWith('verified'))).toHaveLength(11);
});

test('a conflict in between is neither a change nor forgotten', async () => {
  const fleet = await healthy(11);
  setAll(fleet, 11, 'x');
  expect(told(await fleet.cycle())).toEqual([]);
  expect(fleet.status()?.refusals).toHaveLength(11);
  setAll(fleet, 11, 7);
  await fleet.cycle();
  expect(fleet.status()?.held).toHaveLength(11);
});

test('that a VM stops, and that the host cannot be read for once, is no agreement', async () => {
  const fleet = await healthy(12);
  setAll(fleet, 11, 7);
  await fleet.cycle();
  fleet.host.stop('vm-11');
  fleet.host.forbid('/etc/libvirt/qemu');
  fleet.host.forbid('/run/libvirt/qemu');
  await fleet.cycle();
  fleet.host.forbid('/etc/libvirt/qemu', false);
  fleet.host.forbid('/run/libvirt/qemu', false);
  await fleet.cycle();
  expect(fleet.status()?.held).toHaveLength(10);
  expect(await fleet.tableOf(1)).toBe(WELL);
});

test('interfaces that a VM has no more leave nothing behind', async () => {
  const fleet = await healthy(1);
  for (let i = 10; i < 20; i++) {
    fleet.host.attach('vm-1', { mac: mac(i), bridge: 'br0' });
    await fleet.cycle();
    fleet.host.detach('vm-1', mac(i));
    await fleet.cycle();
  }
  const { accepted } = (await fleet.cycle()).memory;
  expect(Object.keys(accepted.kind === 'known' ? accepted.intents : {})).toEqual([`br0/vm-1/${mac(1)}`]);
});

test('a suspension outlasts what is held: it was wrong at every look', async () => {
  const fleet = await healthy(12);
  for (let i = 0; i <= LIMITS.maxHeals; i++) {
    fleet.host.wipe(fleet.tap(1));
    await fleet.cycle();
    fleet.pass(60_000);
  }
  const isSuspended = () => fleet.status()?.domains.some(({ suspendedSince }) => suspendedSince !== undefined);
  expect(isSuspended()).toBe(true);
  setAll(fleet, 11, 7);
  for (let minute = 0; minute < 12; minute++) {
    await fleet.cycle('schedule');
    fleet.pass(60_000);
  }
  expect([fleet.status()?.held.length, isSuspended()]).toEqual([11, true]);
});

test('those that were healed wait no more, though they go out of sight', async () => {
  const fleet = await healthy(12);
  setAll(fleet, 5, 7);
  await fleet.cycle();
  for (let vm = 1; vm <= 5; vm++) fleet.host.stop(`vm-${vm}`);
  for (let vm = 6; vm <= 11; vm++) fleet.host.setMetadata(`vm-${vm}`, asks(7));
  expect(told(await fleet.cycle()).filter((d) => d.startsWith('verified'))).toHaveLength(6);
});

test("what is held stays so where libvirt's folders are away for a moment", async () => {
  const fleet = await healthy(11);
  setAll(fleet, 11, 7);
  await fleet.cycle();
  const { read } = fleet.host.domains;
  vi.spyOn(fleet.host.domains, 'read').mockResolvedValueOnce({ ok: true, value: [] }).mockImplementation(read);
  expect(told(await fleet.cycle())).toEqual([]);
  await fleet.cycle();
  expect(fleet.status()?.held).toHaveLength(11);
  expect(await fleet.tableOf(1)).toBe(WELL);
});
