// The cron expressions of the config file: node-cron's, with seconds.
import { validate } from 'node-cron';

/** Whether `text` is one of six fields. node-cron would also take five, without seconds: a slip of the pen that audits too rarely. */
export function isSchedule(text: string): boolean {
  return text.trim().split(/ +/).length === 6 && validate(text.trim());
}
