// Tells systemd how the service is: sd_notify(3). Node cannot write to a datagram socket of AF_UNIX, so it goes by a descriptor
// that systemd ≥ 253 opens for the unit (`OpenFile=/run/systemd/notify:notify:graceful`), or by systemd-notify(1), which needs
// `NotifyAccess=all`.
import { writeSync } from 'node:fs';
import type { Log } from '../../model/log.ts';
import { listenFds } from './listen-fds.ts';
import { type Processes, processes } from './processes.ts';

export interface Notifier {
  ready(status: string): Promise<void>;
  /** To be followed by `ready`. */
  reloading(): Promise<void>;
  /** Only where that needs no process: systemd, which sends the signal, knows it already, and the end does not wait for it. */
  stopping(): Promise<void>;
  /** Feeds the watchdog. */
  alive(): Promise<void>;
  /** How often the watchdog wants to be fed at least, milliseconds; undefined where there is none. */
  readonly watchdogMs: number | undefined;
}

const TIMEOUT_MS = 5000;

/** Does nothing where `env` says that systemd does not listen. Never rejects. */
export function createNotifier(env: NodeJS.ProcessEnv, log: Log, run: Processes['run'] = processes.run): Notifier {
  const send = sender(env, log, run);
  return {
    ready: (status) => send('READY=1', `STATUS=${status}`),
    reloading: () => send('RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`),
    stopping: async () => {
      if (listenFds(env, 'notify').length > 0) await send('STOPPING=1');
    },
    alive: () => send('WATCHDOG=1'),
    watchdogMs: watchdogMs(env),
  };
}

function sender(env: NodeJS.ProcessEnv, log: Log, run: Processes['run']) {
  const [fd] = listenFds(env, 'notify');
  // One after another: RELOADING=1 must not overtake READY=1.
  let last = Promise.resolve();
  return (...lines: readonly string[]): Promise<void> => {
    last = last.then(() => deliver(lines));
    return last;
  };

  async function deliver(lines: readonly string[]): Promise<void> {
    if (fd !== undefined) {
      try {
        writeSync(fd, lines.join('\n'));
        return;
      } catch (error) {
        log.warn({ problem: (error as Error).message }, 'systemd cannot be told by the descriptor it opened');
      }
    }
    if (!env.NOTIFY_SOCKET) return;
    const { problem } = await run('systemd-notify', lines, { timeoutMs: TIMEOUT_MS });
    if (problem) log.warn({ problem }, 'systemd cannot be told');
  }
}

// Half of what systemd allows, as sd_watchdog_enabled(3) advises.
function watchdogMs(env: NodeJS.ProcessEnv): number | undefined {
  const forAnother = env.WATCHDOG_PID !== undefined && env.WATCHDOG_PID !== `${process.pid}`;
  const usec = Number(env.WATCHDOG_USEC);
  return forAnother || !(usec > 0) ? undefined : usec / 2000;
}
