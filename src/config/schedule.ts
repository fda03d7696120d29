// The cron expressions of the config file: node-cron's, with seconds.
import { createTask, validate } from 'node-cron';

/** Whether `text` is one of six fields. node-cron would also take five, without seconds: a slip of the pen that audits too rarely. */
export function isSchedule(text: string): boolean {
  return text.trim().split(/ +/).length === 6 && validate(text.trim());
}

/** Whether a schedule has next runs. The 31st that is the first Monday of its month never comes, and `validate` lets it through. */
export function everComes(schedule: string): boolean {
  // Only a day that is named by one of these can be one that never comes. To ask for all would take each reader of a config 40 ms.
  if (!/[LW#]/i.test(schedule)) return true;
  try {
    return createTask(schedule.trim(), () => undefined, { timezone: 'UTC' }).getNextRuns(1).length > 0;
  } catch {
    // node-cron looks a hundred years ahead, and then throws.
    return false;
  }
}
