// The remediator's life: one cycle at a time, whatever woke it; the lock; what is remembered and told. `remediate` runs it on
// the machine, `demo` on the simulated host.
import type { Settings } from '../config/settings.ts';
import { createTurns } from '../daemon/turns.ts';
import type { Host, Locking } from '../host/host.ts';
import type { Log } from '../model/log.ts';
import { AGREED_FILE, PAUSE_FILE } from '../model/remediator-paths.ts';
import type { RemediatorStatus } from '../model/remediator-status.ts';
import { orUndefined, readingOf } from '../model/snapshot.ts';
import { readAgreement } from './agreement.ts';
import { type CycleResult, createMemory, runCycle } from './cycle.ts';
import { createDecisionJournal } from './decision-journal.ts';
import type { StateStore } from './state-file.ts';

export interface RemediatorOptions {
  readonly host: Host;
  readonly settings: Settings;
  readonly store: StateStore;
  readonly dryRun: boolean;
  readonly log: Log;
  /** When the schedule's next cycle is due, milliseconds since the epoch; Infinity: never. */
  readonly nextAt?: () => number;
  /** Called after each cycle. Throws Error where it cannot be published: that is logged, and healing goes on. */
  readonly publish: (status: RemediatorStatus) => void;
  /** undefined: nobody else can be at it. Must not reject. */
  readonly lock?: () => Promise<Locking>;
}

export interface Remediator {
  /** Asks for a cycle. Resolves when one that began afterwards has ended. */
  wake(trigger: string): Promise<void>;
  /** New settings, for the next cycle on. */
  reload(settings: Settings): void;
  /** How long the cycle that is under way has been so, milliseconds; 0 where none is. */
  busyMs(): number;
  /** Resolves when no cycle is under way or due, and all is told. */
  idle(): Promise<void>;
  /** Starts no more cycles, and resolves when the one under way has ended: no batch is cut off. */
  stop(): Promise<void>;
}

interface Trigger {
  readonly name: string;
  /** By the monotonic clock. */
  readonly at: number;
}

const LOCK_RETRY_MS = 1000;
const MAX_REST_MS = 1000;
const MAX_JOURNAL_MS = 10_000;
const MAX_TIMER_MS = 24 * 3600 * 1000;

export function createRemediator(options: RemediatorOptions): Remediator {
  const { host, store, log, dryRun } = options;
  let { settings } = options;
  let memory = createMemory(store.load(), host.now());
  let timer: NodeJS.Timeout | undefined;
  let lockedOut: string | undefined;
  let wasPaused = false;
  const once = createOnce(log);
  const tried = (subject: string, message: string, action: () => void): boolean => {
    const done = readingOf(action);
    once(subject, done.ok ? undefined : done.error, message);
    return done.ok;
  };
  const journal = createDecisionJournal(host, (problem) =>
    once('journal', problem, 'the journal could not be written'),
  );

  // What an operator accepted before this process began was meant for another.
  if (!dryRun) orUndefined(() => host.removeFile(AGREED_FILE));
  if (memory.accepted.kind === 'unknown')
    log.error({ problem: memory.accepted.problem }, 'the state file is unreadable');

  const cycle = async (trigger: Trigger): Promise<void> => {
    clearTimeout(timer);
    const locking = dryRun ? undefined : await options.lock?.();
    const problem = locking && 'problem' in locking ? locking.problem : undefined;
    once('lock', problem, 'the lock cannot be taken: nothing is healed until it can be');
    const holder = locking && 'holder' in locking ? locking.holder : undefined;
    if (holder !== undefined && holder !== lockedOut) log.warn({ holder }, 'somebody else holds the lock: waiting');
    lockedOut = holder;
    if (locking && !locking.held) {
      timer = setTimeout(() => void turns.request(trigger), LOCK_RETRY_MS);
      return;
    }
    try {
      const since = trigger.at;
      const agreed = readAgreement(host);
      const input = { host, settings, trigger: trigger.name, since, dryRun, isPaused, agreed };
      const result = await runCycle(input, memory);
      memory = result.memory;
      sleepUntil(result.wakeAt);
      const isSaved = tell(result);
      // Taken once: the same policy may come back one day, by mistake. Not taken where the host could not be read.
      if (agreed !== undefined && result.problem === undefined && isSaved && !dryRun)
        tried('agreed', 'what an operator accepted could not be removed', () => host.removeFile(AGREED_FILE));
    } finally {
      await locking?.release();
    }
  };

  const isPaused = (): boolean => {
    const paused = isPauseAskedFor(host, log);
    if (paused && !wasPaused) log.warn({ file: PAUSE_FILE }, 'paused: nothing is healed until the pause file is gone');
    if (!paused && wasPaused) log.info({ file: PAUSE_FILE }, 'the pause is over');
    wasPaused = paused;
    return paused;
  };

  const sleepUntil = (at: number | undefined) => {
    if (at === undefined) return;
    const delay = Math.min(Math.max(at - host.now(), 0), MAX_TIMER_MS);
    timer = setTimeout(() => void turns.request({ name: 'retry', at: host.monotonic() }), delay);
  };

  /** Whether the state is saved. */
  const tell = ({ status, decisions, problem }: CycleResult): boolean => {
    once('snapshot', problem, 'the host could not be read: what is unknown is left alone');
    const isSaved = tried('state', 'the state could not be saved: a restart would forget it', () => store.save(memory));
    tried('status', 'the status could not be published', () => options.publish(announcing(status, options.nextAt?.())));
    for (const decision of decisions) log.debug({ ...decision }, 'decision');
    journal.write(decisions);
    return isSaved;
  };

  const turns = createTurns<Trigger>({
    run: cycle,
    // A storm of events may take two thirds of the time; a `bridge` that hung is no reason to rest long.
    rest: (_, durationMs) => Math.min(durationMs / 2, MAX_REST_MS),
  });

  return {
    wake: (name) => turns.request({ name, at: host.monotonic() }),
    reload: (next) => {
      settings = next;
      void turns.request({ name: 'reload', at: host.monotonic() });
    },
    busyMs: turns.busyMs,
    idle: async () => {
      await turns.idle();
      await journal.written();
    },
    stop: async () => {
      turns.stop();
      await turns.idle();
      clearTimeout(timer);
      // A journald that hangs does not hold up the end.
      await Promise.race([journal.written(), new Promise((resolve) => setTimeout(resolve, MAX_JOURNAL_MS).unref())]);
    },
  };
}

// If the file cannot be looked for, it counts as there: an operator who wants a pause gets one.
function isPauseAskedFor(host: Host, log: Log): boolean {
  try {
    return host.stat(PAUSE_FILE) !== undefined;
  } catch (error) {
    log.error({ problem: (error as Error).message }, 'the pause file could not be looked for: paused');
    return true;
  }
}

function announcing(status: RemediatorStatus, nextAt: number | undefined): RemediatorStatus {
  return nextAt !== undefined && Number.isFinite(nextAt) ? { ...status, nextCycleAt: nextAt } : status;
}

/** A problem is logged when it appears or is another one, and when it is gone. */
function createOnce(log: Log): (subject: string, problem: string | undefined, message: string) => void {
  const known = new Map<string, string>();
  return (subject, problem, message) => {
    const before = known.get(subject);
    if (problem === before) return;
    if (problem === undefined) {
      known.delete(subject);
      log.info({ subject }, 'all well again');
    } else {
      known.set(subject, problem);
      log.error({ subject, problem }, message);
    }
  };
}
