// Feeds a watchdog as long as there is progress: a timer alone would feed it for a loop that hangs.
import type { Handle } from '../host/host.ts';

export interface WatchdogOptions {
  readonly everyMs: number;
  /** How long a run has been under way, or due and not done. Between two runs, however far apart, it is 0. */
  readonly stuckMs: () => number;
  readonly feed: () => void;
  /** Called each time it is not fed. */
  readonly starve: (stuckMs: number) => void;
}

// Longer than all time limits of the processes that a run waits for.
export const PATIENCE_MS = 90_000;

/** The timer shows that the event loop turns, `stuckMs` that the work gets done; it takes both. */
export function startWatchdog({ everyMs, stuckMs, feed, starve }: WatchdogOptions): Handle {
  const timer = setInterval(() => {
    const stuck = stuckMs();
    if (stuck <= PATIENCE_MS) feed();
    else starve(stuck);
  }, everyMs).unref();
  return { stop: () => clearInterval(timer) };
}
