import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { keepRunning } from '../../src/host/keep-running.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function kept() {
  const starts: ((problem: string) => void)[] = [];
  const stop = vi.fn();
  const onUp = vi.fn();
  const onDown = vi.fn();
  let refuse: string | undefined;
  const running = keepRunning({
    start: (ended) => {
      starts.push(ended);
      if (refuse) throw new Error(refuse);
      return { stop };
    },
    onUp,
    onDown,
    settleMs: 100,
    firstRetryMs: 10,
    maxRetryMs: 40,
  });
  return { running, starts, stop, onUp, onDown, refuse: (problem: string | undefined) => (refuse = problem) };
}

it('is up once it has run for the settling time', () => {
  const { running, onUp } = kept();
  vi.advanceTimersByTime(99);
  expect(running.up()).toBe(false);
  vi.advanceTimersByTime(1);
  expect(running.up()).toBe(true);
  expect(onUp).toHaveBeenCalledOnce();
});

it('what ends is started again, and its end is told once', () => {
  const { running, starts, onUp, onDown } = kept();
  vi.advanceTimersByTime(100);
  starts[0]?.('killed');
  starts[0]?.('killed twice');
  expect(running.up()).toBe(false);
  expect(onDown.mock.calls).toEqual([['killed', 10]]);
  vi.advanceTimersByTime(110);
  expect(running.up()).toBe(true);
  expect(starts).toHaveLength(2);
  expect(onUp).toHaveBeenCalledTimes(2);
});

it('what cannot start is tried again with pauses that double up to the most, and told once', () => {
  const { starts, refuse, onDown } = kept();
  refuse('no such program');
  starts[0]?.('ended');
  const at = [10, 30, 70, 110, 150];
  for (const [i, ms] of at.entries()) {
    vi.advanceTimersByTime(ms - (at[i - 1] ?? 0) - 1);
    expect(starts).toHaveLength(i + 1);
    vi.advanceTimersByTime(1);
    expect(starts).toHaveLength(i + 2);
  }
  expect(onDown).toHaveBeenCalledOnce();
});

it('what ends after it was up again is told again, and its pauses begin anew', () => {
  const { starts, stop, onDown } = kept();
  vi.advanceTimersByTime(100);
  starts[0]?.('first');
  vi.advanceTimersByTime(10);
  starts[1]?.('at once');
  vi.advanceTimersByTime(20 + 100);
  starts[2]?.('second');
  expect(onDown.mock.calls).toEqual([
    ['first', 10],
    ['second', 10],
  ]);
  expect(stop).toHaveBeenCalledTimes(3);
});

it('what ends while it is being started is stopped, and what throws no error is told as it is', () => {
  const stop = vi.fn();
  const onDown = vi.fn();
  const begin = (start: (ended: (problem: string) => void) => { stop: () => void }) =>
    keepRunning({ start, onUp: vi.fn(), onDown, settleMs: 1, firstRetryMs: 10, maxRetryMs: 10 }).stop();
  begin((ended) => {
    ended('at once');
    return { stop };
  });
  expect(stop).toHaveBeenCalledOnce();
  begin(() => {
    throw 'no such thing';
  });
  expect(onDown.mock.calls).toEqual([
    ['at once', 10],
    ['no such thing', 10],
  ]);
});

it('after stop it is not started again', () => {
  const { running, starts, stop } = kept();
  running.stop();
  running.stop();
  starts[0]?.('ended');
  vi.advanceTimersByTime(1000);
  expect(starts).toHaveLength(1);
  expect(stop).toHaveBeenCalledOnce();
  expect(running.up()).toBe(false);
});
