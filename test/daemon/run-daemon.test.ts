import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type Daemon, runDaemon } from '../../src/daemon/run-daemon.ts';
import { startSchedule } from '../../src/daemon/schedule.ts';
import { createTurns } from '../../src/daemon/turns.ts';

const HOUR = 3_600_000;
const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };

beforeEach(() => void vi.useFakeTimers({ now: Date.UTC(2026, 0, 1, 20) }));
afterEach(() => {
  vi.useRealTimers();
  vi.clearAllMocks();
});

/** A daemon that says what it is told and tells; its watchdog wants food each 90 s, as the shipped units' does. */
function running(more: Partial<Daemon> = {}, watchdogMs: number | undefined = 90_000, stopWithinMs?: number) {
  const said: string[] = [];
  const say = (text: string) => async () => void said.push(text);
  const signals = new EventEmitter();
  const exit = vi.fn();
  const notifier = {
    ready: async (status: string) => void said.push(`ready ${status}`),
    reloading: say('reloading'),
    stopping: say('stopping'),
    alive: say('alive'),
    watchdogMs,
  };
  const daemon: Daemon = {
    settled: async () => {},
    status: () => 'fine',
    reload: () => void said.push('reload'),
    stuckMs: () => 0,
    stop: say('stop'),
    ...more,
  };
  const options = { notifier, log, signals, exit, ...(stopWithinMs === undefined ? {} : { stopWithinMs }) };
  const ended = runDaemon(daemon, options);
  return { said, signals, ended, exit };
}
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

it('systemd hears ready when the first run has ended, of a reload, and of the end', async () => {
  let settle = () => {};
  const { said, signals, ended } = running({ settled: () => new Promise<void>((resolve) => (settle = resolve)) });
  await pass(1000);
  expect(said).toEqual([]);
  settle();
  await pass(0);
  expect(said).toEqual(['ready fine']);
  signals.emit('SIGHUP');
  expect(said.slice(1)).toEqual(['reloading', 'reload', 'ready fine']);
  signals.emit('SIGTERM');
  await ended;
  expect(said.slice(4)).toEqual(['stopping', 'stop']);
  signals.emit('SIGHUP');
  expect(said).toHaveLength(6);
});

it('SIGINT ends it before the first run has ended', async () => {
  const { said, signals, ended } = running({ settled: () => new Promise(() => {}) });
  signals.emit('SIGINT');
  await ended;
  expect(said.at(-1)).toBe('stop');
});

it('a start that fails ends it with the reason; systemd does not hear ready', async () => {
  const { said, ended, signals } = running({ settled: () => Promise.reject(new Error('no watcher')) });
  await expect(ended).rejects.toThrow('no watcher');
  expect(said).toEqual(['stop']);
  expect(signals.listenerCount('SIGHUP')).toBe(0);
});

it('what hangs at the end is left behind only where a bound is given', async () => {
  for (const bound of [900, undefined]) {
    const { signals, exit } = running({ stop: () => new Promise(() => {}) }, undefined, bound);
    signals.emit('SIGTERM');
    await pass(10_000);
    expect(exit).toHaveBeenCalledTimes(bound === undefined ? 0 : 1);
  }
});

/** Turns on a schedule, as both daemons have them; `run` is the audit or cycle. */
function work(expression: string, run: () => Promise<void>) {
  const turns = createTurns<string>({ run, rest: () => 0 });
  const schedule = startSchedule(expression, () => turns.request('schedule'), log);
  return { turns, stuckMs: () => Math.max(turns.busyMs(), schedule.overdueMs()), stop: async () => schedule.stop() };
}

it.each([
  ['*/15 * * * * *', 3],
  ['0 */10 8-18 * * *', 48],
  ['0 0 3 1-31 6 *', 48],
])('under %s a healthy daemon is fed each 90 s for %d hours', async (expression, hours) => {
  const { said, signals } = running(work(expression, async () => {}));
  await pass(hours * HOUR);
  expect(said.filter((text) => text === 'alive')).toHaveLength((hours * HOUR) / 90_000);
  signals.emit('SIGTERM');
});

it('an endless storm of events, in which no quiet moment comes, is no standstill', async () => {
  const worker = work('*/15 * * * * *', () => new Promise((resolve) => setTimeout(resolve, 1000)));
  const { said, signals } = running(worker);
  for (let s = 0; s < 1800; s++) {
    void worker.turns.request('event');
    await pass(500);
    void worker.turns.request('event');
    await pass(500);
  }
  expect(said.filter((text) => text === 'alive')).toHaveLength(1_800_000 / 90_000);
  signals.emit('SIGTERM');
});

it.each(['*/15 * * * * *', '0 */10 8-18 * * *'])(
  'under %s a run that hangs starves the watchdog within its 180 s, whatever woke it',
  async (expression) => {
    let hang = false;
    const worker = work(expression, () => (hang ? new Promise(() => {}) : Promise.resolve()));
    const { said, signals } = running(worker);
    const fed = () => said.filter((text) => text === 'alive').length;
    await pass(HOUR);
    hang = true;
    void worker.turns.request('event');
    await pass(90_000);
    const before = fed();
    await pass(HOUR);
    expect(fed()).toBeLessThanOrEqual(before + 1);
    expect(log.error).toHaveBeenCalledWith({ stuck_ms: expect.any(Number) }, expect.stringContaining('not fed'));
    signals.emit('SIGTERM');
  },
);
