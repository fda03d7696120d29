import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { PATIENCE_MS, startWatchdog } from '../../src/daemon/watchdog.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('is fed as long as work gets done, and starves when it does not', () => {
  const feed = vi.fn();
  const starve = vi.fn();
  let stuck = 0;
  const dog = startWatchdog({ everyMs: 10, stuckMs: () => stuck, feed, starve });
  vi.advanceTimersByTime(20);
  stuck = PATIENCE_MS;
  vi.advanceTimersByTime(20);
  expect([feed.mock.calls.length, starve.mock.calls.length]).toEqual([4, 0]);
  stuck = PATIENCE_MS + 1;
  vi.advanceTimersByTime(20);
  expect([feed.mock.calls.length, starve.mock.calls.length]).toEqual([4, 2]);
  dog.stop();
  vi.advanceTimersByTime(100);
  expect(starve).toHaveBeenCalledTimes(2);
});
