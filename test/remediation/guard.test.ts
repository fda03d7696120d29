import fc from 'fast-check';
import { expect, test } from 'vitest';
import { afterHeals, type GuardState, permit } from '../../src/remediation/guard.ts';
import { createFleet, LIMITS, told, WELL } from './fleet.ts';

const MINUTE = 60_000;

test('the first heal is at once, the next ones after 1, 2, 4 and 8 seconds', async () => {
  const fleet = createFleet(1);
  for (const wait of [0, 1000, 2000, 4000, 8000]) {
    fleet.host.wipe(fleet.tap(1));
    if (wait > 0) {
      fleet.pass(wait - 1);
      const early = await fleet.cycle();
      expect(told(early)).toEqual([]);
      expect(early.wakeAt).toBe(fleet.host.now() + 1);
      fleet.pass(1);
    }
    expect(told(await fleet.cycle())).toEqual(['verified vm-1']);
  }
});

async function fight(fleet: ReturnType<typeof createFleet>) {
  for (let i = 0; i < LIMITS.maxHeals; i++) {
    fleet.host.wipe(fleet.tap(1));
    expect(told(await fleet.cycle())).toEqual(['verified vm-1']);
    fleet.pass(1000 * 2 ** i);
  }
  fleet.host.wipe(fleet.tap(1));
}

test('an opponent that undoes each heal suspends the vnet, which is said once and why', async () => {
  const fleet = createFleet(2);
  await fleet.cycle();
  await fleet.cycle();
  fleet.pass(20 * MINUTE);
  await fleet.cycle();
  await fight(fleet);
  const result = await fleet.cycle();
  expect(told(result)).toEqual(['suspended vm-1']);
  expect(result.decisions[0]?.problem).toMatch(/^somebody undoes each heal: 5 in 600 s; one probe each 600 s/);
  expect(result.wakeAt).toBe(fleet.host.now() + LIMITS.cooldownMs);
  expect(
    fleet
      .status()
      ?.domains.filter((d) => d.suspendedSince !== undefined)
      .map((d) => d.domain),
  ).toEqual(['vm-1']);
  for (let i = 0; i < 5; i++) expect(told(await fleet.cycle())).toEqual([]);
  expect(await fleet.tableOf(1)).toBe('1*');
  expect(await fleet.tableOf(2)).toBe(WELL);
});

test('a suspended vnet is probed once per cooldown; an opponent that is still there keeps it suspended', async () => {
  const fleet = createFleet(1);
  await fight(fleet);
  await fleet.cycle();
  for (let i = 0; i < 3; i++) {
    fleet.pass(LIMITS.cooldownMs);
    const probe = await fleet.cycle('retry');
    expect(probe.decisions).toMatchObject([{ outcome: 'verified', trigger: 'probe' }]);
    fleet.host.wipe(fleet.tap(1));
    expect(told(await fleet.cycle())).toEqual([]);
    expect(fleet.status()?.domains[0]?.suspendedSince).toBeDefined();
  }
});

test('the opponent gone: the probe heals, and all is forgotten after the cooldown', async () => {
  const fleet = createFleet(1);
  await fight(fleet);
  await fleet.cycle();
  fleet.pass(LIMITS.cooldownMs);
  expect(told(await fleet.cycle())).toEqual(['verified vm-1']);
  const well = await fleet.cycle();
  expect(well.wakeAt).toBe(fleet.host.now() + LIMITS.cooldownMs);
  fleet.pass(LIMITS.cooldownMs - 1);
  await fleet.cycle();
  expect(fleet.status()?.domains[0]?.suspendedSince).toBeDefined();
  fleet.pass(1);
  await fleet.cycle();
  expect(fleet.status()?.domains[0]?.suspendedSince).toBeUndefined();
  fleet.host.wipe(fleet.tap(1));
  expect(told(await fleet.cycle())).toEqual(['verified vm-1']);
});

test('a failing heal is tried again at the time of its backoff, and suspends in the end', async () => {
  const fleet = createFleet(1);
  fleet.host.sabotage((line) => line.includes('-batch'), { exitCode: 1, stderr: 'RTNETLINK answers: No buffer space' });
  for (let i = 0; i < LIMITS.maxHeals; i++) {
    const result = await fleet.cycle();
    expect(told(result)).toEqual(['failed vm-1']);
    expect((result.wakeAt ?? 0) - fleet.host.now()).toBe(i === LIMITS.maxHeals - 1 ? LIMITS.cooldownMs : 1000 * 2 ** i);
    fleet.pass(1000 * 2 ** i);
  }
  const { decisions, status } = await fleet.cycle();
  expect(decisions).toMatchObject([
    { outcome: 'suspended', problem: expect.stringMatching(/^the heals fail: 5 in 600 s/) },
  ]);
  expect(status.domains).toMatchObject([{ suspendedBecause: 'failing' }]);
  fleet.host.repair();
  fleet.pass(LIMITS.cooldownMs);
  expect(told(await fleet.cycle())).toEqual(['verified vm-1']);
});

test('a VM that starts again has a new tap, which nobody has fought over', async () => {
  const fleet = createFleet(1);
  await fight(fleet);
  await fleet.cycle();
  fleet.host.stop('vm-1');
  fleet.host.start('vm-1');
  expect(told(await fleet.cycle())).toEqual(['verified vm-1']);
});

test('a restart forgets nothing', async () => {
  const fleet = createFleet(1);
  await fight(fleet);
  await fleet.cycle();
  fleet.restart();
  expect(told(await fleet.cycle())).toEqual(['suspended vm-1']);
  expect(await fleet.tableOf(1)).toBe('1*');
});

test('a clock that was set back by a day delays nobody by more than the backoff', async () => {
  const fleet = createFleet(1);
  await fleet.cycle();
  fleet.pass(-24 * 60 * MINUTE);
  fleet.host.wipe(fleet.tap(1));
  await fleet.cycle();
  fleet.pass(1000);
  expect(told(await fleet.cycle())).toEqual(['verified vm-1']);
});

test('whatever happens and when, a vnet is never healed more than max_heals times within a window, but for probes', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.constantFrom('wipe', 'look', 'restart'), fc.integer({ min: 0, max: 200_000 })), {
        maxLength: 60,
      }),
      async (steps) => {
        const fleet = createFleet(1);
        const heals: number[] = [];
        for (const [step, ms] of steps) {
          fleet.pass(ms);
          if (step === 'wipe') fleet.host.wipe(fleet.tap(1));
          if (step === 'restart') fleet.restart();
          const { decisions } = await fleet.cycle();
          for (const d of decisions) if (d.outcome === 'verified' && d.trigger !== 'probe') heals.push(d.at);
        }
        heals.forEach((at, i) => {
          expect(heals.slice(i).filter((other) => other < at + LIMITS.windowMs).length).toBeLessThanOrEqual(
            LIMITS.maxHeals,
          );
        });
      },
    ),
    { numRuns: 100 },
  );
});

test('where the limits ask for more than a heal a second, the pauses double up to the cooldown', () => {
  const vnet = { bridge: 'br0', domain: 'vm-1', mac: '52:54:00:00:00:01', vnet: 'vnet0' };
  const limits = { maxHeals: 5, windowMs: 4000, cooldownMs: 60_000 };
  let state: GuardState = {};
  let now = 1_000_000;
  const pauses = Array.from({ length: 8 }, () => {
    state = afterHeals(state, [{ vnet, failed: false }], now, limits);
    const allowed = permit(state, vnet, now, limits);
    const pause = allowed.kind === 'wait' ? allowed.until - now : 0;
    now += pause;
    return pause / 1000;
  });
  expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
});

test('with all other limits a vnet that is fought at once is suspended after max_heals, however late each look is', () => {
  const vnet = { bridge: 'br0', domain: 'vm-1', mac: '52:54:00:00:00:01', vnet: 'vnet0' };
  const anyLimits = fc
    .tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 3600 }), fc.integer({ min: 1, max: 3600 }))
    .map(([maxHeals, spare, cooldown]) => ({
      maxHeals,
      windowMs: (2 * maxHeals + spare) * 1000,
      cooldownMs: cooldown * 1000,
    }));
  fc.assert(
    fc.property(anyLimits, fc.infiniteStream(fc.integer({ min: 0, max: 900 })), (limits, late) => {
      let state: GuardState = {};
      let now = 1_000_000;
      for (let heals = 0; heals <= limits.maxHeals; ) {
        const allowed = permit(state, vnet, now, limits);
        if (allowed.kind === 'suspended') return heals === limits.maxHeals;
        if (allowed.kind === 'wait') now = allowed.until + (late.next().value ?? 0);
        else {
          state = afterHeals(state, [{ vnet, failed: false }], now, limits);
          heals++;
        }
      }
      return false;
    }),
  );
});

test('two interfaces of one VM with one MAC are guarded each for itself', async () => {
  const fleet = createFleet(0);
  const nic = { mac: '52:54:00:00:00:01', bridge: 'br0' };
  fleet.host.define({ name: 'twins', uuid: '00000000-0000-0000-0000-000000000001', interfaces: [nic, nic] });
  fleet.host.start('twins');
  let heals = 0;
  for (let s = 0; s < 120; s++) {
    for (const tap of fleet.host.taps('twins')) fleet.host.wipe(tap);
    heals += told(await fleet.cycle()).filter((text) => text === 'verified twins').length;
    fleet.pass(1000);
  }
  expect(heals).toBe(2 * LIMITS.maxHeals);
  expect(fleet.status()?.domains).toMatchObject([{ domain: 'twins', suspendedBecause: 'undone' }]);
});
