// Feeds a watchdog as long as there is progress: a timer alone would feed it for a loop that hangs.
import type { Handle } from '../host/host.ts';

export interface WatchdogOptions {
  readonly everyMs: number;
  /** How long ago the last run ended. */
  readonly silentMs: () => number;
  /** How long ago that may be. */
  readonly patienceMs: () => number;
  readonly feed: () => void;
  /** Called each time it is not fed. */
  readonly starve: (silentMs: number) => void;
}

/** The timer shows that the event loop turns, `silentMs` that the work gets done; it takes both. */
export function startWatchdog({ everyMs, silentMs, patienceMs, feed, starve }: WatchdogOptions): Handle {
  const timer = setInterval(() => {
    const silent = silentMs();
    if (silent <= patienceMs()) feed();
    else starve(silent);
  }, everyMs).unref();
  return { stop: () => clearInterval(timer) };
}
