import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { startWaking } from '../../src/daemon/waking.ts';
import { createSimHost } from '../../src/host/sim/host.ts';

const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
beforeEach(() => void vi.useFakeTimers({ now: Date.UTC(2026, 0, 1, 20, 0, 1) }));
afterEach(() => void vi.useRealTimers());

function started(schedule = '0 0 * * * *') {
  const host = createSimHost();
  host.addBridge('br0');
  const wake = vi.fn();
  const waking = startWaking({ host, schedule, events: { quietMs: 10, maxMs: 100 }, wake, log });
  return { host, wake, waking };
}
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

it('many changes at once are one event; until its run begins it is due', async () => {
  const { host, wake, waking } = started();
  // The watchers are up, and look for what nobody saw.
  await pass(2000);
  wake.mockClear();
  for (let i = 0; i < 20; i += 1) host.addUplink(`eth${i}`, 'br0');
  await pass(0);
  expect([waking.eventDue(), wake.mock.calls]).toEqual([true, []]);
  await pass(200);
  expect([waking.eventDue(), wake.mock.calls]).toEqual([false, [['event']]]);
  waking.stop();
});

it('another schedule is in force at once, and the same one again changes nothing', async () => {
  const { wake, waking } = started();
  await pass(2000);
  wake.mockClear();
  waking.reschedule('0 0 * * * *');
  expect(waking.nextAt()).toBe(Date.UTC(2026, 0, 1, 21));
  waking.reschedule('*/15 * * * * *');
  expect(waking.nextAt()).toBe(Date.UTC(2026, 0, 1, 20, 0, 15));
  await pass(30_000);
  expect(wake.mock.calls).toEqual([['schedule'], ['schedule']]);
  waking.stop();
});

it('after the stop nothing wakes', async () => {
  const { host, wake, waking } = started('* * * * * *');
  host.addUplink('eth0', 'br0');
  waking.stop();
  await pass(5000);
  expect(wake).not.toHaveBeenCalled();
});

it('an event that waits for its run is forgotten at the stop', async () => {
  const { host, wake, waking } = started();
  await pass(2000);
  wake.mockClear();
  host.addUplink('eth0', 'br0');
  await pass(0);
  expect(waking.eventDue()).toBe(true);
  waking.stop();
  await pass(5000);
  expect([waking.eventDue(), wake.mock.calls]).toEqual([false, []]);
});
