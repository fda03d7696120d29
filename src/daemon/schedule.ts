// The periodic run: node-cron, seconds first, in UTC.
import { createTask } from 'node-cron';
import type { Handle } from '../host/host.ts';
import type { Log } from '../model/log.ts';

export interface Schedule extends Handle {
  /** Milliseconds between the next two runs: how old the last one may become. */
  readonly periodMs: number;
}

/** Calls `run` as the cron expression says, never while a call is still under way. Throws Error for a bad expression. */
export function startSchedule(expression: string, run: () => Promise<void> | void, log: Log): Schedule {
  const cronLog = (write: keyof Log) => (message: string | Error, error?: Error) => {
    const problem = error ?? (message instanceof Error ? message : undefined);
    log[write]({ schedule: expression, ...(problem ? { problem: problem.message } : {}) }, `schedule: ${message}`);
  };
  const task = createTask(expression, () => run(), {
    noOverlap: true,
    timezone: 'UTC',
    // It is a process that serves; the schedule alone shall not keep it alive.
    unref: true,
    logger: {
      debug: cronLog('debug'),
      info: cronLog('debug'),
      // An execution that is missed because the machine slept, or skipped because the last one still runs, is no news.
      warn: cronLog('debug'),
      error: cronLog('error'),
    },
  });
  void task.start();
  const [first, second] = task.getNextRuns(2);
  return {
    periodMs: first && second ? second.getTime() - first.getTime() : Number.POSITIVE_INFINITY,
    stop: () => void task.destroy(),
  };
}
