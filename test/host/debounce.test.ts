import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { debounce } from '../../src/host/debounce.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('events in a row are one run, after the quiet time', () => {
  const run = vi.fn();
  const { trigger } = debounce(run, { quietMs: 20, maxMs: 200 });
  for (let i = 0; i < 5; i++) {
    trigger();
    vi.advanceTimersByTime(19);
  }
  expect(run).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(run).toHaveBeenCalledOnce();
});

it('under a storm without quiet it still runs each maxMs', () => {
  const run = vi.fn();
  const { trigger } = debounce(run, { quietMs: 20, maxMs: 200 });
  for (let ms = 0; ms < 1000; ms += 10) {
    trigger();
    vi.advanceTimersByTime(10);
  }
  expect(run.mock.calls.length).toBeGreaterThanOrEqual(4);
  expect(run.mock.calls.length).toBeLessThanOrEqual(5);
});

it('a run is due from the first event until it runs or is forgotten', () => {
  const { trigger, due, cancel } = debounce(() => {}, { quietMs: 20, maxMs: 200 });
  expect(due()).toBe(false);
  trigger();
  expect(due()).toBe(true);
  vi.advanceTimersByTime(20);
  expect(due()).toBe(false);
  trigger();
  cancel();
  expect(due()).toBe(false);
});

it('nothing runs after cancel', () => {
  const run = vi.fn();
  const { trigger, cancel } = debounce(run, { quietMs: 20, maxMs: 200 });
  trigger();
  cancel();
  vi.advanceTimersByTime(1000);
  expect(run).not.toHaveBeenCalled();
});
