import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { startWatchdog } from '../../src/daemon/watchdog.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('is fed as long as work gets done, and starves when it does not', () => {
  const feed = vi.fn();
  const starve = vi.fn();
  let endedAt = Date.now();
  const dog = startWatchdog({ everyMs: 10, silentMs: () => Date.now() - endedAt, patienceMs: () => 25, feed, starve });
  vi.advanceTimersByTime(20);
  endedAt = Date.now();
  vi.advanceTimersByTime(20);
  expect([feed.mock.calls.length, starve.mock.calls.length]).toEqual([4, 0]);
  vi.advanceTimersByTime(20);
  expect([feed.mock.calls.length, starve.mock.calls.length]).toEqual([4, 2]);
  dog.stop();
  vi.advanceTimersByTime(100);
  expect(starve).toHaveBeenCalledTimes(2);
});
