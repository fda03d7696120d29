// Many events at once are one wake-up: a VM that starts makes the kernel print some twenty lines.

export interface Debounce {
  /** Something happened. */
  trigger(): void;
  /** Whether a run is due. */
  due(): boolean;
  /** Forgets what is due. */
  cancel(): void;
}

/** Calls `run` when nothing happened for `quietMs`, but at the latest `maxMs` after the first event. Milliseconds. */
export function debounce(run: () => void, { quietMs, maxMs }: { quietMs: number; maxMs: number }): Debounce {
  let quiet: NodeJS.Timeout | undefined;
  let latest: NodeJS.Timeout | undefined;
  const cancel = () => {
    clearTimeout(quiet);
    clearTimeout(latest);
    quiet = latest = undefined;
  };
  const fire = () => {
    cancel();
    run();
  };
  return {
    trigger: () => {
      clearTimeout(quiet);
      quiet = setTimeout(fire, quietMs);
      latest ??= setTimeout(fire, maxMs);
    },
    due: () => latest !== undefined,
    cancel,
  };
}
