// A long-running program as a process: SIGHUP reloads its config, SIGTERM and SIGINT end it, and systemd is told how it goes and fed
// its watchdog. sd_notify(3), systemd.service(5). Where no systemd listens, the rest holds all the same.
import type { EventEmitter } from 'node:events';
import type { Notifier } from '../host/linux/notify.ts';
import type { Log } from '../model/log.ts';
import { startWatchdog } from './watchdog.ts';

export interface Daemon {
  /** Resolves when its first run has ended and shows, whatever is due by then; rejects where the start failed. */
  settled(): Promise<unknown>;
  /** What `systemctl status` shows. */
  status(): string;
  /** Reads the config again; tells by itself where it was refused. */
  reload(): void;
  /** Milliseconds since a run should have ended; 0 where none is due. */
  stuckMs(): number;
  stop(): Promise<unknown>;
}

export interface DaemonOptions {
  readonly notifier: Notifier;
  readonly log: Log;
  /** It ends after so many milliseconds, whatever hangs; undefined: what is under way is waited for. */
  readonly stopWithinMs?: number;
  /** process, but for tests. */
  readonly signals?: Pick<EventEmitter, 'on' | 'off'>;
  readonly exit?: () => void;
}

/** Runs it until a signal ends it. Rejects where its start failed; then it is stopped. */
export async function runDaemon(daemon: Daemon, options: DaemonOptions): Promise<void> {
  const { notifier, log, stopWithinMs, signals = process, exit = () => process.exit(0) } = options;
  const reload = () => {
    void notifier.reloading();
    daemon.reload();
    void notifier.ready(daemon.status());
  };
  signals.on('SIGHUP', reload);
  const ended = new Promise<string>((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT']) signals.on(name, () => resolve(name));
  });
  try {
    await Promise.race([daemon.settled(), ended]);
  } catch (error) {
    signals.off('SIGHUP', reload);
    await daemon.stop();
    throw error;
  }
  await notifier.ready(daemon.status());
  const watchdog =
    notifier.watchdogMs === undefined
      ? undefined
      : startWatchdog({
          everyMs: notifier.watchdogMs,
          stuckMs: daemon.stuckMs,
          feed: () => void notifier.alive(),
          starve: (ms) => log.error({ stuck_ms: Math.round(ms) }, 'no run has ended for long: the watchdog is not fed'),
        });
  log.info({ signal: await ended }, 'stopping');
  if (stopWithinMs !== undefined) setTimeout(exit, stopWithinMs).unref();
  signals.off('SIGHUP', reload);
  watchdog?.stop();
  await Promise.all([notifier.stopping(), daemon.stop()]);
}
