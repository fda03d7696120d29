// One at a time: a run that is asked for while another is under way comes after it, once, however often it was asked for.

export interface Turns<T> {
  /** Asks for a run. Resolves when a run that began afterwards has ended, whatever comes then; and at the stop. */
  request(trigger: T): Promise<void>;
  /** How long the run that is under way has been so, milliseconds; 0 where none is. */
  busyMs(): number;
  /** Resolves when nothing is under way or due. */
  idle(): Promise<void>;
  /** Starts no more runs. The one under way ends by itself. */
  stop(): void;
}

export interface TurnsOptions<T> {
  /** Must not reject: what went wrong is its own to tell. */
  readonly run: (trigger: T) => Promise<void>;
  /**
   * Milliseconds to pause before the next run, after one that took `durationMs`: under an endless storm of events, how much of
   * the time is spent in runs. A trigger after a longer quiet is served at once.
   */
  readonly rest: (trigger: T, durationMs: number) => number;
}

/** Serves one trigger at a time. Of several that wait, the first gives the run its name. */
export function createTurns<T>({ run, rest }: TurnsOptions<T>): Turns<T> {
  // Not the time of day, which may be set back.
  const now = () => performance.now();
  // Of the run that is under way.
  let beganAt: number | undefined;
  let running: Promise<void> | undefined;
  let stopped = false;
  let due: { readonly trigger: T; readonly ended: Promise<void>; readonly end: () => void } | undefined;
  let timer: NodeJS.Timeout | undefined;
  let last = { endedAt: Number.NEGATIVE_INFINITY, durationMs: 0 };

  const next = () => {
    if (beganAt !== undefined || timer || stopped || !due) return;
    const delay = last.endedAt + rest(due.trigger, last.durationMs) - now();
    if (delay > 0) {
      timer = setTimeout(() => {
        timer = undefined;
        next();
      }, delay);
      return;
    }
    const { trigger, end } = due;
    due = undefined;
    const began = now();
    beganAt = began;
    running = run(trigger).then(() => {
      beganAt = undefined;
      running = undefined;
      last = { endedAt: now(), durationMs: now() - began };
      end();
      next();
    });
  };

  return {
    request: (trigger) => {
      due ??= dueRun(trigger);
      const { ended } = due;
      next();
      return ended;
    },
    busyMs: () => (beganAt === undefined ? 0 : now() - beganAt),
    idle: async () => {
      while (running || (due && !stopped)) await (running ?? due?.ended);
    },
    stop: () => {
      stopped = true;
      clearTimeout(timer);
      due?.end();
    },
  };
}

function dueRun<T>(trigger: T) {
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { trigger, ended, end };
}
