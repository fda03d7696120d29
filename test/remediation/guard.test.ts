import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { VnetReport } from '../../src/model/report.ts';
import {
  afterHeals,
  causeOf,
  type GuardState,
  guardKey,
  nextForgetting,
  observe,
  permit,
} from '../../src/remediation/guard.ts';
import { table } from '../support/policy.ts';
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

test('where the bridge filters no more, nobody is suspended for longer than the cooldown', async () => {
  const fleet = createFleet(1);
  await fight(fleet);
  expect(told(await fleet.cycle())).toEqual(['suspended vm-1']);
  fleet.host.kernel.setFiltering('br0', false);
  await fleet.cycle();
  fleet.pass(LIMITS.cooldownMs);
  await fleet.cycle();
  expect(fleet.status()?.domains.map(({ domain, suspendedSince }) => [domain, suspendedSince])).toEqual([
    ['vm-1', undefined],
  ]);
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

describe('what is remembered of a vnet', () => {
  const VNET = { bridge: 'br0', domain: 'vm-1', mac: '52:54:00:00:00:01', vnet: 'vnet0' };
  const KEY = guardKey(VNET);
  const { cooldownMs, windowMs, maxHeals } = LIMITS;
  const seen = (actual = '100*'): VnetReport => ({
    ...VNET,
    uuid: undefined,
    expected: { rule: 'default', table: table('100*') },
    actual: table(actual),
    target: table('100*'),
    missing: [],
    unexpected: [],
    mistagged: [],
    untouchable: undefined,
    verdict: 'compliant',
    findings: [],
  });
  /** After heals at these times; those of `failed` failed. */
  const healed = (times: readonly number[], failed: readonly number[] = []) =>
    times.reduce(
      (state: GuardState, at) => afterHeals(state, [{ vnet: VNET, failed: failed.includes(at) }], at, LIMITS),
      {},
    );
  const look = (state: GuardState, at: number, ...vnets: VnetReport[]) => observe(state, vnets, at, LIMITS);

  test('are the last heals, as many as may be, those of them that failed, and how many there were', () => {
    const entry = healed([1, 2, 3, 4, 5, 6, 7], [1, 3, 7])[KEY];
    expect(entry).toEqual({ bridge: 'br0', domain: 'vm-1', heals: [3, 4, 5, 6, 7], failed: [3, 7], streak: 7 });
  });

  test('heals count for a suspension until the window has passed', () => {
    const state = healed([1, 2, 3, 4, 5].map((n) => n * 100_000));
    expect(permit(state, VNET, 100_000 + windowMs - 1, LIMITS).kind).toBe('suspended');
    expect(permit(state, VNET, 100_000 + windowMs, LIMITS).kind).toBe('heal');
    expect(maxHeals).toBe(5);
  });

  test('a vnet is suspended since its heals fail where most of them do', () => {
    const cause = (...failed: number[]) => healed([1, 2, 3, 4], failed)[KEY];
    expect([cause(1), cause(1, 2), cause(1, 2, 3)].map((entry) => entry && causeOf(entry))).toEqual([
      'undone',
      'undone',
      'failing',
    ]);
    const five = healed([1, 2, 3, 4, 5], [4, 5])[KEY];
    expect(five && causeOf(five)).toBe('undone');
  });

  test('is kept while it cannot be looked for, and for the cooldown after the last heal where it is gone', () => {
    const state = healed([1000]);
    expect(observe(state, undefined, 10 * cooldownMs, LIMITS)).toEqual(state);
    expect(look(state, 1000 + cooldownMs - 1)).toEqual(state);
    expect(look(state, 1000 + cooldownMs)).toEqual({});
  });

  test('is forgotten when it was compliant for the cooldown, and drift in between begins that anew', () => {
    let state = look(healed([1000]), 5000, seen());
    expect(nextForgetting(state, LIMITS)).toBe(5000 + cooldownMs);
    state = look(state, 6000, seen());
    expect(state[KEY]?.compliantSince).toBe(5000);
    const drifted = look(state, 7000, seen('1*'));
    expect(drifted[KEY]).not.toHaveProperty('compliantSince');
    expect(look(drifted, 5000 + cooldownMs, seen())[KEY]?.compliantSince).toBe(5000 + cooldownMs);
    expect(look(state, 5000 + cooldownMs - 1, seen())).toEqual(state);
    expect(look(state, 5000 + cooldownMs, seen())).toEqual({});
  });

  test('is forgotten, too, when nobody may have healed it for the cooldown: nobody fights over it', () => {
    const drifted = seen('1*');
    const uplink = { ...drifted, untouchable: { reason: 'uplink', text: '' } } as const;
    let state = look(healed([1000]), 5000, uplink);
    expect(state[KEY]?.compliantSince).toBe(5000);
    expect(look(state, 6000, drifted)[KEY]).not.toHaveProperty('compliantSince');
    state = look(state, 5000 + cooldownMs, uplink);
    expect(state).toEqual({});
  });

  test('the next to be forgotten is the one that is compliant longest; none where none is', () => {
    const entry = healed([1])[KEY];
    if (!entry) throw new Error('none');
    const state = { a: { ...entry, compliantSince: 9 }, b: { ...entry, compliantSince: 5 }, c: entry };
    expect(nextForgetting(state, LIMITS)).toBe(5 + cooldownMs);
    expect(nextForgetting({ c: entry }, LIMITS)).toBeUndefined();
  });

  test('is never later than now, where the clock was set back', () => {
    const [entry, times] = [healed([1000, 2000, 9000], [9000])[KEY], { suspendedSince: 9500, compliantSince: 9700 }];
    const state = { [KEY]: { bridge: '', domain: '', streak: 0, heals: [], failed: [], ...entry, ...times } };
    expect(observe(state, undefined, 1500, LIMITS)[KEY]).toMatchObject({
      heals: [-7200, -6200, 800],
      failed: [800],
      suspendedSince: 1300,
      compliantSince: 1500,
    });
    expect(observe(state, undefined, 10_000, LIMITS)).toEqual(state);
    expect(observe(healed([1000]), undefined, 500, LIMITS)[KEY]).toEqual({ ...healed([1000])[KEY], heals: [500] });
  });

  test('a clock that was set back suspends nobody whose heals lay far apart', () => {
    const step = (0.9 * LIMITS.windowMs) | 0;
    const times = Array.from({ length: LIMITS.maxHeals }, (_, i) => 100 * LIMITS.windowMs + i * step);
    const now = (times.at(-1) ?? 0) + step;
    const back = now - 10 * LIMITS.windowMs;
    expect(permit(observe(healed(times), undefined, now, LIMITS), VNET, now, LIMITS).kind).toBe('heal');
    expect(permit(observe(healed(times), undefined, back, LIMITS), VNET, back, LIMITS).kind).not.toBe('suspended');
  });

  test('of a VM that was stopped, nothing is: its next start has another tap, also of the same name', () => {
    const state = healed([1000, 2000]);
    const entry = Object.values(state)[0];
    const stopped = new Set([entry?.domain ?? '']);
    expect(observe(state, [], 3000, LIMITS)).toEqual(state);
    expect(observe(state, [], 3000, LIMITS, stopped)).toEqual({});
    expect(observe(state, undefined, 3000, LIMITS, stopped)).toEqual(state);
  });

  test('where the limits ask for just one heal a second, no pause is longer', () => {
    const limits = { maxHeals: 5, windowMs: 10_000, cooldownMs: 60_000 };
    const state = afterHeals(healed([1, 2, 3]), [{ vnet: VNET, failed: false }], 20_000, limits);
    expect(permit(state, VNET, 20_000, limits)).toEqual({ kind: 'wait', until: 21_000 });
  });
});
