import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { startSchedule } from '../../src/daemon/schedule.ts';

const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };

beforeEach(() => void vi.useFakeTimers({ now: Date.UTC(2026, 0, 1) + 1 }));
afterEach(() => {
  vi.useRealTimers();
  vi.clearAllMocks();
});

it('runs at the times of its expression until it is stopped', async () => {
  const run = vi.fn(async () => {});
  const schedule = startSchedule('*/15 * * * * *', run, log);
  expect(schedule.periodMs).toBe(15_000);
  await vi.advanceTimersByTimeAsync(46_000);
  expect(run).toHaveBeenCalledTimes(3);
  schedule.stop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(run).toHaveBeenCalledTimes(3);
});

it('does not run while the last run is under way', async () => {
  let end = () => {};
  const run = vi.fn(() => new Promise<void>((resolve) => (end = resolve)));
  const schedule = startSchedule('* * * * * *', run, log);
  await vi.advanceTimersByTimeAsync(5000);
  expect(run).toHaveBeenCalledTimes(1);
  end();
  await vi.advanceTimersByTimeAsync(1500);
  expect(run).toHaveBeenCalledTimes(2);
  end();
  schedule.stop();
});

it('a run that fails is logged with its reason, and the next one comes', async () => {
  const run = vi.fn(async () => {
    throw new Error('out of order');
  });
  const schedule = startSchedule('* * * * * *', run, log);
  await vi.advanceTimersByTimeAsync(2100);
  expect(run).toHaveBeenCalledTimes(2);
  expect(JSON.stringify(log.error.mock.calls)).toContain('out of order');
  schedule.stop();
});

it('a bad expression is an error', () => {
  expect(() => startSchedule('every now and then', () => {}, log)).toThrow();
});
