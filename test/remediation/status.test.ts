import { expect, test } from 'vitest';
import { count, createTally } from '../../src/remediation/status.ts';
import { createFleet } from './fleet.ts';

const DAY = 24 * 3600 * 1000;

test('heals are counted by domain and their durations in cumulative buckets', async () => {
  const fleet = createFleet(2);
  const { status } = await fleet.cycle();
  expect(status.domains).toMatchObject([
    {
      bridge: 'br0',
      domain: 'vm-1',
      remediations: 1,
      failures: 0,
      lastAt: fleet.host.now(),
      suspendedSince: undefined,
    },
    { bridge: 'br0', domain: 'vm-2', remediations: 1 },
  ]);
  expect(status.duration).toMatchObject({ count: 2, sum: 0 });
  expect(status.duration.buckets.at(0)).toEqual([0.05, 2]);
  expect(status.duration.buckets.at(-1)).toEqual([null, 2]);
});

test('the newest 50 decisions are kept, the newest first', async () => {
  const fleet = createFleet(60);
  await fleet.cycle();
  fleet.pass(DAY);
  fleet.host.wipe(fleet.tap(7));
  const { status } = await fleet.cycle();
  expect(status.recent).toHaveLength(50);
  expect(status.recent[0]?.domain).toBe('vm-7');
});

test('a domain that is gone is forgotten after a day, one that runs is not', async () => {
  const fleet = createFleet(2);
  await fleet.cycle();
  fleet.host.stop('vm-2');
  fleet.host.undefine('vm-2');
  fleet.pass(DAY - 1);
  expect((await fleet.cycle()).status.domains.map((d) => d.domain)).toEqual(['vm-1', 'vm-2']);
  fleet.pass(1);
  expect((await fleet.cycle()).status.domains.map((d) => d.domain)).toEqual(['vm-1']);
});

test('durations are seconds', () => {
  const decision = {
    at: 1,
    bridge: 'b',
    domain: 'd',
    vnet: 'v',
    trigger: 't',
    outcome: 'verified' as const,
    before: '',
    after: '',
    commands: [],
    problem: undefined,
    durationMs: 300,
  };
  const { duration } = count(createTally(0), [decision]);
  expect(duration.sum).toBe(0.3);
  expect(duration.buckets.find(([le]) => le === 0.25)).toEqual([0.25, 0]);
  expect(duration.buckets.find(([le]) => le === 0.5)).toEqual([0.5, 1]);
});
