import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createTurns } from '../../src/daemon/turns.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Runs that take `durationMs`, with their names and begins, and how many were ever under way together. */
function runs(durationMs: number, rest: (trigger: string, durationMs: number) => number = () => 0) {
  const begun: [string, number][] = [];
  const begin = Date.now();
  let together = 0;
  let most = 0;
  const turns = createTurns<string>({
    rest,
    run: async (trigger) => {
      begun.push([trigger, Date.now() - begin]);
      most = Math.max(most, ++together);
      await new Promise((resolve) => setTimeout(resolve, durationMs));
      together--;
    },
  });
  return { turns, begun, most: () => most };
}

it('a request on its own runs at once', () => {
  const { turns, begun } = runs(10);
  turns.request('startup');
  expect(begun).toEqual([['startup', 0]]);
});

it('requests during a run make exactly one more after it, named by the first', async () => {
  const { turns, begun, most } = runs(10);
  for (const trigger of ['startup', 'event', 'schedule', 'event']) turns.request(trigger);
  await vi.advanceTimersByTimeAsync(100);
  expect(begun).toEqual([
    ['startup', 0],
    ['event', 10],
  ]);
  expect(most()).toBe(1);
});

it('an endless storm leaves a rest between runs, and a request after a quiet does not wait', async () => {
  const { turns, begun } = runs(10, (_, durationMs) => 2 * durationMs);
  for (let ms = 0; ms < 60; ms++) {
    turns.request('event');
    await vi.advanceTimersByTimeAsync(1);
  }
  await vi.advanceTimersByTimeAsync(1000);
  turns.request('event');
  expect(begun.map(([, at]) => at)).toEqual([0, 30, 60, 1060]);
});

it('after stop nothing begins, and idle waits for what is under way', async () => {
  const { turns, begun } = runs(10);
  turns.request('startup');
  turns.request('event');
  turns.stop();
  let idle = false;
  void turns.idle().then(() => {
    idle = true;
  });
  await vi.advanceTimersByTimeAsync(9);
  expect(idle).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(idle).toBe(true);
  expect(begun).toHaveLength(1);
});

it('a request is answered when its own run has ended, and by the stop', async () => {
  const { turns } = runs(10);
  const answered: string[] = [];
  const ask = (name: string) => void turns.request(name).then(() => answered.push(name));
  ask('first');
  ask('second');
  await vi.advanceTimersByTimeAsync(10);
  expect(answered).toEqual(['first']);
  await vi.advanceTimersByTimeAsync(10);
  expect(answered).toEqual(['first', 'second']);
  ask('third');
  ask('fourth');
  turns.stop();
  await vi.advanceTimersByTimeAsync(0);
  expect(answered).toEqual(['first', 'second', 'fourth']);
});

it('a stop in the rest before a run ends the wait: nothing is under way or due', async () => {
  const { turns, begun } = runs(10, () => 1000);
  turns.request('startup');
  await vi.advanceTimersByTimeAsync(20);
  turns.request('event');
  const idle = vi.fn();
  void turns.idle().then(idle);
  await vi.advanceTimersByTimeAsync(0);
  expect(idle).not.toHaveBeenCalled();
  turns.stop();
  await vi.advanceTimersByTimeAsync(0);
  expect(idle).toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(5000);
  expect(begun).toHaveLength(1);
});

it('where nothing is under way or due, idle is at once', async () => {
  const idle = vi.fn();
  void runs(10).turns.idle().then(idle);
  await vi.advanceTimersByTimeAsync(0);
  expect(idle).toHaveBeenCalled();
});

it('how long a run is under way is known, and 0 between two', async () => {
  const { turns } = runs(10);
  await vi.advanceTimersByTimeAsync(500);
  expect(turns.busyMs()).toBe(0);
  turns.request('startup');
  await vi.advanceTimersByTimeAsync(7);
  expect(turns.busyMs()).toBe(7);
  await vi.advanceTimersByTimeAsync(3);
  expect(turns.busyMs()).toBe(0);
});
