import { closeSync, mkdtempSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { createNotifier } from '../../../src/host/linux/notify.ts';
import type { Processes, RunResult } from '../../../src/host/linux/processes.ts';

const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };

/** systemd-notify, which takes its time. */
function notified(result: Partial<RunResult> = {}) {
  const sent: string[][] = [];
  const run: Processes['run'] = async (command, args) => {
    await new Promise((resolve) => setTimeout(resolve, 5 - sent.length));
    sent.push([command, ...args]);
    return { stdout: '', stderr: '', exitCode: 0, problem: undefined, ...result };
  };
  return { sent, run };
}

it('without a socket to tell, nothing is run and nothing is fed', async () => {
  const { sent, run } = notified();
  const notifier = createNotifier({}, log, run);
  await notifier.ready('up');
  expect(sent).toEqual([]);
  expect(notifier.watchdogMs).toBeUndefined();
});

it('systemd-notify is told in the order of the calls; at the end no process is run', async () => {
  const { sent, run } = notified();
  const notifier = createNotifier({ NOTIFY_SOCKET: '/run/systemd/notify' }, log, run);
  await Promise.all([notifier.ready('up'), notifier.reloading(), notifier.ready('up again'), notifier.stopping()]);
  expect(sent).toEqual([
    ['systemd-notify', 'READY=1', 'STATUS=up'],
    ['systemd-notify', 'RELOADING=1', expect.stringMatching(/^MONOTONIC_USEC=\d+$/)],
    ['systemd-notify', 'READY=1', 'STATUS=up again'],
  ]);
});

it('a failure is logged and thrown at nobody', async () => {
  const { run } = notified({ exitCode: 1, problem: 'systemd-notify: no such program in PATH' });
  await createNotifier({ NOTIFY_SOCKET: '/x' }, log, run).alive();
  expect(log.warn).toHaveBeenCalledWith(
    expect.objectContaining({ problem: expect.stringContaining('no such') }),
    expect.anything(),
  );
});

it('a descriptor that systemd opened is written to, and no process is run', async () => {
  const { sent, run } = notified();
  const file = join(mkdtempSync(join(tmpdir(), 'notify-')), 'socket');
  const fd = openSync(file, 'w');
  // The names are of the descriptors from 3 on.
  const names = [...Array(fd - 3).fill('other'), 'notify'].join(':');
  const env = {
    LISTEN_PID: `${process.pid}`,
    LISTEN_FDS: `${fd - 2}`,
    LISTEN_FDNAMES: names,
    NOTIFY_SOCKET: '/x',
  };
  const notifier = createNotifier(env, log, run);
  await notifier.ready('up');
  await notifier.stopping();
  closeSync(fd);
  expect(readFileSync(file, 'utf8')).toBe('READY=1\nSTATUS=upSTOPPING=1');
  expect(sent).toEqual([]);
});

it('the watchdog is fed twice in its time, unless it is of another process', () => {
  const { run } = notified();
  expect(createNotifier({ WATCHDOG_USEC: '60000000' }, log, run).watchdogMs).toBe(30_000);
  expect(createNotifier({ WATCHDOG_USEC: '60000000', WATCHDOG_PID: '1' }, log, run).watchdogMs).toBeUndefined();
});
