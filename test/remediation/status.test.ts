import { expect, test } from 'vitest';
import type { Decision } from '../../src/model/remediator-status.ts';
import type { Answer } from '../../src/remediation/decide.ts';
import { count, createTally, forget, statusOf } from '../../src/remediation/status.ts';
import { createFleet } from './fleet.ts';

const DAY = 24 * 3600 * 1000;

test('heals are counted by domain and their durations in cumulative buckets', async () => {
  const fleet = createFleet(2);
  const { status } = await fleet.cycle();
  expect(status.domains).toMatchObject([
    { bridge: 'br0', domain: 'vm-1', remediations: 1, failures: 0, lastAt: fleet.host.now() },
    { bridge: 'br0', domain: 'vm-2', remediations: 1 },
  ]);
  expect(status.domains.map(({ suspendedSince }) => suspendedSince)).toEqual([undefined, undefined]);
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

const decision: Decision = {
  at: 1,
  bridge: 'b',
  domain: 'd',
  vnet: 'v',
  trigger: 't',
  outcome: 'verified',
  before: '',
  after: '',
  commands: [],
  problem: undefined,
  durationMs: 300,
};

test('a heal that failed or was put back is a failure, and has no duration; what was not tried is not counted', () => {
  const tally = count(createTally(0), [
    { ...decision, at: 5 },
    { ...decision, at: 6, outcome: 'failed' },
    { ...decision, at: 7, outcome: 'reverted' },
    { ...decision, at: 8, outcome: 'held' },
    { ...decision, at: 9, outcome: 'vanished' },
  ]);
  expect([...tally.domains.values()]).toEqual([{ bridge: 'b', domain: 'd', remediations: 1, failures: 2, lastAt: 5 }]);
  expect(tally.duration.count).toBe(1);
  expect(tally.recent.map(({ at }) => at)).toEqual([9, 8, 7, 6, 5]);
});

test('a domain that is gone and was never healed is forgotten a day after the start', () => {
  const tally = count(createTally(1000), [{ ...decision, outcome: 'failed' }]);
  const nothing = { takenAt: 0, policySha256: '', bridges: [], unknowns: [], portless: [] };
  expect(forget(tally, nothing, 1000 + DAY - 1).domains.size).toBe(1);
  expect(forget(tally, nothing, 1000 + DAY).domains.size).toBe(0);
  expect(forget(tally, undefined, 1000 + DAY).domains.size).toBe(1);
});

test('a domain is suspended since its first vnet is; its heals fail where those of one vnet do', () => {
  const entry = { bridge: 'br0', heals: [1], failed: [], streak: 1 };
  const guard = {
    a: { ...entry, domain: 'z', suspendedSince: 7 },
    b: { ...entry, domain: 'z', suspendedSince: 5, failed: [1] },
    c: { ...entry, domain: 'z', suspendedSince: 9 },
    d: { ...entry, domain: 'm', suspendedSince: 3 },
    e: { ...entry, domain: 'well' },
  };
  const answer = {
    accepted: { kind: 'first' as const },
    held: [],
    refusals: [],
    policyHeld: false,
  } as unknown as Answer;
  const { domains, policySha256 } = statusOf({
    tally: createTally(0),
    guard,
    answer,
    policy: { bridges: [], sha256: 'x' },
    paused: false,
    dryRun: false,
    now: 9,
  });
  const none = { bridge: 'br0', remediations: 0, failures: 0, lastAt: undefined };
  expect(domains).toEqual([
    { ...none, domain: 'm', suspendedSince: 3, suspendedBecause: 'undone' },
    { ...none, domain: 'z', suspendedSince: 5, suspendedBecause: 'failing' },
  ]);
  expect(policySha256).toBe('');
});

test('durations are seconds, in the bucket whose bound they do not pass', () => {
  const { duration } = count(createTally(0), [decision]);
  expect(count(createTally(0), [{ ...decision, durationMs: 250 }]).duration.buckets).toContainEqual([0.25, 1]);
  expect(duration.sum).toBe(0.3);
  expect(duration.buckets.find(([le]) => le === 0.25)).toEqual([0.25, 0]);
  expect(duration.buckets.find(([le]) => le === 0.5)).toEqual([0.5, 1]);
});
