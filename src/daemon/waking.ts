// What wakes a daemon's runs: the schedule, and changes on the host, of which many at once are one. The same for every daemon.
import { type Debounce, debounce } from '../host/debounce.ts';
import type { Handle, Host } from '../host/host.ts';
import { type WatcherState, watchHost } from '../host/linux/watch.ts';
import type { Log } from '../model/log.ts';
import { startSchedule } from './schedule.ts';

export interface WakingOptions {
  readonly host: Host;
  /** A cron expression, seconds first. */
  readonly schedule: string;
  /** How long events are collected, milliseconds. */
  readonly events: Parameters<typeof debounce>[1];
  /** Runs. The schedule's next run waits until it resolves. */
  readonly wake: (trigger: 'event' | 'schedule') => Promise<void> | void;
  readonly log: Log;
}

export interface Waking extends Handle {
  /** Something else happened that is an event. */
  readonly event: Debounce['trigger'];
  /** Whether an event waits for its run. */
  eventDue(): boolean;
  watchers(): readonly WatcherState[];
  /** When the next scheduled run is due, milliseconds since the epoch; Infinity: never. */
  nextAt(): number;
  /** Milliseconds since a scheduled run was due that has not ended yet; 0 where none is. */
  overdueMs(): number;
  /** Puts another schedule in force. */
  reschedule(expression: string): void;
}

/** Throws Error for a bad expression. */
export function startWaking({ host, schedule: expression, events, wake, log }: WakingOptions): Waking {
  const onSchedule = () => wake('schedule');
  const event = debounce(() => void wake('event'), events);
  // First, so that little is missed.
  const watch = watchHost(host, event.trigger, log);
  let inForce = expression;
  let schedule = startSchedule(expression, onSchedule, log);
  return {
    event: event.trigger,
    eventDue: event.due,
    watchers: watch.state,
    nextAt: () => schedule.nextAt(),
    overdueMs: () => schedule.overdueMs(),
    reschedule: (next) => {
      if (next === inForce) return;
      const replaced = schedule;
      schedule = startSchedule(next, onSchedule, log);
      inForce = next;
      replaced.stop();
    },
    stop: () => {
      watch.stop();
      schedule.stop();
      event.cancel();
    },
  };
}
