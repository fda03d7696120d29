// The demo's remediator: the real one, but it waits a moment, so that a drift can be seen before it is healed.
import type { Settings } from '../../config/settings.ts';
import { startWaking } from '../../daemon/waking.ts';
import type { SimHost } from '../../host/sim/host.ts';
import type { Log } from '../../model/log.ts';
import { PAUSE_FILE, STATUS_FILE } from '../../model/remediator-paths.ts';
import { renderStatus } from '../../model/remediator-status.ts';
import { createRemediator } from '../../remediation/remediator.ts';
import { createStateMemory } from '../../remediation/state-file.ts';

export interface Healing {
  reload(settings: Settings): void;
  /** As an operator does it; returns a sentence. */
  pause(on: boolean): string;
  stop(): Promise<void>;
}

/** `afterMs`: from an event to the cycle that it wakes. */
export function startHealing(host: SimHost, settings: Settings, afterMs: number, log: Log): Healing {
  const remediator = createRemediator({
    host,
    settings,
    store: createStateMemory(),
    dryRun: false,
    log,
    nextAt: () => waking.nextAt(),
    publish: (status) => host.writeFile(STATUS_FILE, renderStatus(status)),
  });
  const waking = startWaking({
    host,
    schedule: settings.schedule,
    events: { quietMs: afterMs, maxMs: afterMs },
    // What waits for its moment is not to be healed earlier by the clock.
    wake: (trigger) => (trigger === 'schedule' && waking.eventDue() ? undefined : remediator.wake(trigger)),
    log,
  });
  void remediator.wake('startup');

  return {
    reload: (next) => {
      waking.reschedule(next.schedule);
      remediator.reload(next);
    },
    pause(on) {
      if (on) host.writeFile(PAUSE_FILE, '');
      else host.removeFile(PAUSE_FILE);
      void remediator.wake('event');
      return on ? 'healing paused' : 'healing resumed';
    },
    stop: async () => {
      waking.stop();
      await remediator.stop();
    },
  };
}
