// Something that should always run, a process or a watch: started again when it ends, with growing pauses.
import type { Handle } from './host.ts';

export interface KeepRunningOptions {
  /** Starts it. It may throw, or call `ended` once, with the reason: both count as an end. */
  readonly start: (ended: (problem: string) => void) => Handle;
  /** It has run for `settleMs`: from now on nothing escapes it, but what happened before may have. */
  readonly onUp: () => void;
  /** It ended, and is started again in `retryMs`. Told once, until it was up again. */
  readonly onDown: (problem: string, retryMs: number) => void;
  /** Milliseconds. */
  readonly settleMs: number;
  readonly firstRetryMs: number;
  readonly maxRetryMs: number;
}

export interface KeptRunning extends Handle {
  /** Whether it runs, and has done so for `settleMs`. */
  up(): boolean;
}

/** Starts it now, and again whenever it ends, until `stop`. The pause doubles up to `maxRetryMs`, and is reset when it was up. */
export function keepRunning(options: KeepRunningOptions): KeptRunning {
  let up = false;
  let reported = false;
  let stopped = false;
  let retryMs = options.firstRetryMs;
  let handle: Handle | undefined;
  let timer: NodeJS.Timeout | undefined;

  const begin = () => {
    let over = false;
    const end = (problem: string) => {
      if (over || stopped) return;
      over = true;
      clearTimeout(timer);
      handle?.stop();
      handle = undefined;
      up = false;
      timer = setTimeout(begin, retryMs);
      if (!reported) options.onDown(problem, retryMs);
      reported = true;
      retryMs = Math.min(2 * retryMs, options.maxRetryMs);
    };
    try {
      const started = options.start(end);
      if (over) return started.stop();
      handle = started;
    } catch (error) {
      return end(error instanceof Error ? error.message : String(error));
    }
    timer = setTimeout(() => {
      up = true;
      reported = false;
      retryMs = options.firstRetryMs;
      options.onUp();
    }, options.settleMs);
  };
  begin();

  return {
    up: () => up,
    stop: () => {
      stopped = true;
      up = false;
      clearTimeout(timer);
      handle?.stop();
      handle = undefined;
    },
  };
}
