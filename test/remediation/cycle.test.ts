// What one cycle hands to the next.
import { expect, test, vi } from 'vitest';
import type { Policy } from '../../src/model/policy.ts';
import { createFleet, type Fleet, LIMITS, policyOf, told } from './fleet.ts';

/** Heals vm-1 until the guard has enough. */
async function fight(fleet: Fleet): Promise<void> {
  for (let i = 0; i < LIMITS.maxHeals; i++) {
    fleet.host.wipe(fleet.tap(1));
    await fleet.cycle();
    fleet.pass(1000 * 2 ** i);
  }
  fleet.host.wipe(fleet.tap(1));
  await fleet.cycle();
}

test('a dump that fails once forgets no suspension', async () => {
  const fleet = createFleet(1);
  await fight(fleet);
  fleet.host.sabotage((line) => line.includes('show'), { exitCode: 1, stderr: 'no' }, 1);
  await fleet.cycle();
  await fleet.cycle();
  expect(await fleet.tableOf(1)).toBe('1*');
  expect(fleet.status()?.domains[0]?.suspendedSince).toBeDefined();
});

test('a clock that was set back delays the end of a suspension by no more than the cooldown', async () => {
  const fleet = createFleet(1);
  await fight(fleet);
  fleet.pass(LIMITS.cooldownMs);
  expect(told(await fleet.cycle())).toEqual(['verified vm-1']);
  await fleet.cycle();
  fleet.pass(-86_400_000);
  await fleet.cycle();
  fleet.pass(LIMITS.cooldownMs);
  await fleet.cycle();
  expect(fleet.status()?.domains[0]?.suspendedSince).toBeUndefined();
});

test('a clock that was set back by a day does not put off the probe of a suspended vnet by more than the cooldown', async () => {
  const fleet = createFleet(1);
  await fight(fleet);
  fleet.pass(-86_400_000);
  expect(told(await fleet.cycle())).toEqual([]);
  fleet.pass(LIMITS.cooldownMs / 2);
  expect(told(await fleet.cycle())).toEqual([]);
  fleet.pass(LIMITS.cooldownMs / 2);
  expect(told(await fleet.cycle())).toEqual(['verified vm-1']);
});

test('a host that stays unreadable is not looked at again and again for what could be forgotten', async () => {
  const fleet = createFleet(1);
  await fleet.cycle();
  fleet.pass(1000);
  await fleet.cycle();
  fleet.host.sabotage((line) => line.includes('show'), { exitCode: 1, stderr: 'no' });
  fleet.pass(2 * LIMITS.cooldownMs);
  expect((await fleet.cycle()).wakeAt).toBeUndefined();
});

test('domains that cannot be read for once keep their counts', async () => {
  const fleet = createFleet(1);
  await fleet.cycle();
  fleet.pass(25 * 3_600_000);
  fleet.host.forbid('/run/libvirt/qemu');
  fleet.host.forbid('/etc/libvirt/qemu');
  await fleet.cycle();
  expect(fleet.status()?.domains).toMatchObject([{ domain: 'vm-1', remediations: 1 }]);
});

test('a host that could be read is no problem, and a heal that lasts needs no other look', async () => {
  const { problem, wakeAt } = await createFleet(1).cycle();
  expect([problem, wakeAt]).toEqual([undefined, undefined]);
});

test('the next look is at the earliest time that anything is due', async () => {
  const fleet = createFleet(2);
  await fleet.cycle();
  fleet.pass(3000);
  expect((await fleet.cycle()).wakeAt).toBe(fleet.host.now() + LIMITS.cooldownMs);
  fleet.host.wipe(fleet.tap(1));
  fleet.host.sabotage((line) => line.includes('-batch'), { exitCode: 1, stderr: 'no' });
  expect((await fleet.cycle()).wakeAt).toBe(fleet.host.now() + 2000);
});

test('a heal that was put back has failed: it is tried again, and suspends the vnet', async () => {
  const fleet = createFleet(1);
  const { change } = fleet.host.bridges;
  const spy = vi.spyOn(fleet.host.bridges, 'change');
  for (let i = 0; i < LIMITS.maxHeals; i++) {
    // What goes is deleted, and nothing comes.
    spy.mockImplementationOnce(async (changes, readBack) => {
      const made = await change(
        changes.filter(({ action }) => action === 'delete'),
        readBack,
      );
      return { ...made, failures: new Map(changes.slice(0, 1).map((failed) => [failed, 'no'])) };
    });
    const { decisions, status, wakeAt } = await fleet.cycle();
    expect(decisions).toMatchObject([{ outcome: 'reverted' }]);
    expect(status.domains).toMatchObject([{ failures: i + 1, remediations: 0 }]);
    expect(wakeAt).toBeGreaterThan(fleet.host.now());
    fleet.pass(1000 * 2 ** i);
  }
  expect((await fleet.cycle()).status.domains).toMatchObject([{ suspendedBecause: 'failing' }]);
});

test('a suspended vnet is one piece of news, whatever its opponent makes of it', async () => {
  const fleet = createFleet(1);
  await fight(fleet);
  await fleet.host.run('bridge', ['vlan', 'add', 'vid', '77', 'dev', fleet.tap(1)], { timeoutMs: 1000 });
  expect(told(await fleet.cycle())).toEqual([]);
});

test('while an edit is held, bridges that only the policy in force names are read and healed', async () => {
  const fleet = createFleet(1);
  fleet.host.addBridge('br1');
  for (let vm = 10; vm <= 20; vm++)
    fleet.host.start({ name: `b-${vm}`, uuid: `${vm}`, interfaces: [{ mac: `52:54:00:00:01:${vm}`, bridge: 'br1' }] });
  const of = (pvid: number, ...bridges: string[]): Policy => ({
    bridges: bridges.flatMap((name) => policyOf(pvid).bridges.map((bridge) => ({ ...bridge, name }))),
    sha256: bridges.join(),
  });
  fleet.use(of(100, 'br0', 'br1'));
  await fleet.cycle();
  fleet.use(of(20, 'br1'));
  fleet.pass(3000);
  fleet.host.wipe(fleet.tap(1));
  expect(told(await fleet.cycle())).toContain('verified vm-1');
  expect(fleet.status()?.held).toHaveLength(11);
});

test('a second pause is told again', async () => {
  const fleet = createFleet(1);
  const round = async () => {
    fleet.pass(3_600_000);
    fleet.host.wipe(fleet.tap(1));
    fleet.options.paused = true;
    const decisions = told(await fleet.cycle());
    fleet.options.paused = false;
    await fleet.cycle();
    await fleet.cycle();
    return decisions;
  };
  expect(await round()).toEqual(['paused vm-1']);
  expect(await round()).toEqual(['paused vm-1']);
});

test('a clock that is set back during a heal leaves its duration right', async () => {
  const fleet = createFleet(1);
  fleet.host.onRun((line) => {
    if (!line.includes('-batch')) return;
    fleet.pass(300);
    fleet.pass(-3_600_000);
  });
  const { decisions, status } = await fleet.cycle();
  expect(decisions).toMatchObject([{ outcome: 'verified', durationMs: 300 }]);
  expect(status.duration.sum).toBe(0.3);
});

test('a port that goes while it is to be changed has not been healed, and is never suspended for that', async () => {
  const fleet = createFleet(1);
  for (let i = 0; i <= LIMITS.maxHeals; i++) {
    fleet.pass(60_000);
    let looks = 0;
    fleet.host.onRun((line) => {
      if (line.endsWith('vlan show') && ++looks === 1) fleet.host.kernel.setMaster(fleet.tap(1), undefined);
    });
    expect(told(await fleet.cycle())).toEqual(['vanished vm-1']);
    fleet.host.onRun(undefined);
    fleet.host.kernel.setMaster(fleet.tap(1), 'br0');
  }
  expect(told(await fleet.cycle())).toEqual(['verified vm-1']);
});
