// The periodic run. node-cron says when: seconds first, in UTC. Waiting is done here: node-cron waits for a time of day, and where
// the clock is set back an hour (NTP's first word after boot), it waits an hour. This waits by monotonic time and notices a step.
import { createTask } from 'node-cron';
import type { Handle } from '../host/host.ts';
import type { Log } from '../model/log.ts';
import { orUndefined } from '../model/snapshot.ts';

export interface Schedule extends Handle {
  /** When the next run after now is due, milliseconds since the epoch; Infinity: never. */
  nextAt(): number;
  /** Milliseconds since a run was due that has not ended yet; 0 where none is. */
  overdueMs(): number;
}

// How soon a step of the clock is noticed, and what is one: NTP's small corrections are none.
const CHECK_MS = 10_000;
const STEP_MS = 2_000;

/**
 * Calls `run` as the cron expression says and, at once, when the clock was set; never while a call is still under way. It does
 * not keep the process alive. Throws Error for a bad expression.
 */
export function startSchedule(expression: string, run: () => Promise<void> | void, log: Log): Schedule {
  // Never started, only asked.
  const task = createTask(expression, () => undefined, { timezone: 'UTC' });
  // node-cron throws where none comes within a hundred years. The config has no such schedule; a daemon does not end by one.
  const nextTimes = () => orUndefined(() => task.getNextRuns(2).map((date) => date.getTime())) ?? [];
  const monotonic = () => performance.now();
  const clockAhead = () => Date.now() - monotonic();
  let due = { at: Number.NaN, monotonic: Number.POSITIVE_INFINITY };
  let ahead = clockAhead();
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const arm = () => {
    ahead = clockAhead();
    const [first = Number.POSITIVE_INFINITY, second = Number.POSITIVE_INFINITY] = nextTimes();
    // A timer may fire a millisecond early: the same time does not come twice.
    const at = first === due.at ? second : first;
    due = { at, monotonic: monotonic() + at - Date.now() };
    check();
  };
  const check = () => {
    const step = clockAhead() - ahead;
    if (Math.abs(step) > STEP_MS) {
      log.info({ step_ms: Math.round(step) }, 'the clock was set');
      due = { at: Number.NaN, monotonic: monotonic() };
    }
    const left = due.monotonic - monotonic();
    if (left <= 0) void fire();
    else timer = setTimeout(check, Math.min(left, CHECK_MS)).unref();
  };
  const fire = async () => {
    try {
      await run();
    } catch (error) {
      log.error({ schedule: expression, problem: (error as Error).message }, 'a scheduled run failed');
    }
    if (!stopped) arm();
  };
  arm();

  return {
    nextAt: () => nextTimes()[0] ?? Number.POSITIVE_INFINITY,
    overdueMs: () => Math.max(0, monotonic() - due.monotonic),
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
