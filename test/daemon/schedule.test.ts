import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { startSchedule } from '../../src/daemon/schedule.ts';

const HOUR = 3_600_000;
const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
const startAt = (...time: Parameters<typeof Date.UTC>) => void vi.useFakeTimers({ now: Date.UTC(...time) });

beforeEach(() => startAt(2026, 0, 1, 0, 0, 0, 1));
afterEach(() => {
  vi.useRealTimers();
  vi.clearAllMocks();
});

it('runs at the times of its expression until it is stopped', async () => {
  const run = vi.fn(async () => {});
  const schedule = startSchedule('*/15 * * * * *', run, log);
  expect(schedule.nextAt()).toBe(Date.UTC(2026, 0, 1, 0, 0, 15));
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

it('an expression that never comes is no error: it never runs', async () => {
  const run = vi.fn();
  const schedule = startSchedule('0 0 3 31 * 1#1', run, log);
  expect(schedule.nextAt()).toBe(Number.POSITIVE_INFINITY);
  await vi.advanceTimersByTimeAsync(24 * HOUR);
  expect([run.mock.calls, schedule.overdueMs()]).toEqual([[], 0]);
  schedule.stop();
});

it.each([-24 * HOUR, -HOUR, -10_000, 10_000, HOUR])(
  'a clock that is set by %d ms does not stop it: it runs at once, and goes on',
  async (step) => {
    const run = vi.fn();
    const schedule = startSchedule('*/15 * * * * *', run, log);
    await vi.advanceTimersByTimeAsync(20_000);
    vi.setSystemTime(Date.now() + step);
    await vi.advanceTimersByTimeAsync(10_000);
    const soon = run.mock.calls.length;
    expect(soon).toBeGreaterThanOrEqual(2);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(run.mock.calls.length - soon).toBeGreaterThanOrEqual(4);
    expect(run.mock.calls.length - soon).toBeLessThanOrEqual(5);
    schedule.stop();
  },
);

it('that the clock was set is logged with the step; a small correction is none', async () => {
  const run = vi.fn();
  const schedule = startSchedule('0 0 * * * *', run, log);
  vi.setSystemTime(Date.now() + 2000);
  await vi.advanceTimersByTimeAsync(10_000);
  expect([log.info.mock.calls, run.mock.calls]).toEqual([[], []]);
  vi.setSystemTime(Date.now() + 1);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(log.info.mock.calls).toEqual([[{ step_ms: 2001 }, 'the clock was set']]);
  expect(run).toHaveBeenCalledTimes(1);
  schedule.stop();
});

it('a stop while a run is under way lets no other follow', async () => {
  let end = () => {};
  const run = vi.fn(() => new Promise<void>((resolve) => (end = resolve)));
  const schedule = startSchedule('* * * * * *', run, log);
  await vi.advanceTimersByTimeAsync(1000);
  schedule.stop();
  end();
  await vi.advanceTimersByTimeAsync(5000);
  expect(run).toHaveBeenCalledTimes(1);
});

it('a clock that is set in a long pause is noticed in it', async () => {
  startAt(2026, 0, 1, 20);
  const run = vi.fn();
  const schedule = startSchedule('0 */10 8-18 * * *', run, log);
  vi.setSystemTime(Date.UTC(2026, 0, 1, 18, 45));
  await vi.advanceTimersByTimeAsync(10_000);
  expect(run).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(5 * 60_000);
  expect(run).toHaveBeenCalledTimes(2);
  schedule.stop();
});

it('a run that hangs is overdue; a night without runs is not', async () => {
  startAt(2026, 0, 1, 20);
  let end = () => {};
  const run = vi.fn(() => new Promise<void>((resolve) => (end = resolve)));
  const schedule = startSchedule('0 */10 8-18 * * *', run, log);
  expect(schedule.nextAt()).toBe(Date.UTC(2026, 0, 2, 8));
  for (let hour = 0; hour < 11; hour++) {
    await vi.advanceTimersByTimeAsync(HOUR);
    expect(schedule.overdueMs()).toBe(0);
  }
  await vi.advanceTimersByTimeAsync(HOUR + 5000);
  expect(run).toHaveBeenCalledTimes(1);
  expect(schedule.overdueMs()).toBe(5000);
  end();
  await vi.advanceTimersByTimeAsync(0);
  expect(schedule.overdueMs()).toBe(0);
  schedule.stop();
});
