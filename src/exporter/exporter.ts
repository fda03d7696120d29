// The exporter: audits the host on a schedule and when something changes on it, and keeps the last report. It only reads.
//   watchers ─► debounce ─┐
//   node-cron ────────────┼► one audit at a time: snapshot ─► evaluate ─► state ─► page, /metrics, API
//   SIGHUP, /-/reload ────┘
import { isDeepStrictEqual } from 'node:util';
import type { Settings } from '../config/settings.ts';
import { reloadSettings } from '../daemon/reload.ts';
import { createTurns } from '../daemon/turns.ts';
import { startWaking, type Waking } from '../daemon/waking.ts';
import type { Handle, Host } from '../host/host.ts';
import { followHookJournal, type HookSource } from '../host/linux/journal.ts';
import { keepFolderWatched } from '../host/linux/watch.ts';
import { createStatusReader } from '../host/remediator-status.ts';
import { readSnapshot } from '../host/snapshot.ts';
import type { Log } from '../model/log.ts';
import { REMEDIATOR_FOLDER } from '../model/remediator-paths.ts';
import type { Report } from '../model/report.ts';
import { inSlices, letOthersIn } from '../model/slices.ts';
import { evaluation } from '../policy/evaluate.ts';
import type { DomainStates, Trigger } from '../report/metrics/self.ts';
import { createAuditBook } from './audits.ts';
import { createFindingJournal } from './finding-journal.ts';
import { isSameReport } from './same-report.ts';
import { type ExporterState, statesOf } from './state.ts';

export interface ExporterOptions {
  readonly host: Host;
  /** Reads the config. Throws ConfigError where it is bad. */
  readonly load: () => Settings;
  /** Whether the config's file says something else than what was loaded; undefined where that cannot be told. */
  readonly isEdited?: (() => boolean | undefined) | undefined;
  readonly log: Log;
}

export interface Exporter extends Handle {
  /** Begins with the first audit; resolves when that has ended and the watchers run. */
  start(): Promise<void>;
  /** Everything that is known now. A new object after each change. */
  state(): ExporterState;
  /** Calls back after each change; the result ends that. */
  subscribe(changed: () => void): () => void;
  /** Reads the config again. A bad one is refused: the problem is returned, and the last good one stays in force. */
  reload(): string | undefined;
  /** Resolves when no audit is under way or due. */
  idle(): Promise<void>;
  /** Milliseconds since an audit should have ended; 0 where none is under way or due. */
  stuckMs(): number;
}

// How long whoever scrapes waits for an audit's work, in each of a few turns.
const SLICE_MS = 2;
// A change is seen at once where it stands alone; what comes in bursts is awaited.
const DEBOUNCE = { quietMs: 10, maxMs: 100 };
// Under an endless storm of events, audits take a third of the time.
const restAfter = (trigger: Trigger, durationMs: number) => (trigger === 'event' ? Math.min(2 * durationMs, 2000) : 0);

/** Does nothing before `start`. Throws ConfigError where the config is bad. */
export function createExporter({ host, load, isEdited = () => undefined, log }: ExporterOptions): Exporter {
  const readStatus = createStatusReader(host);
  const book = createAuditBook(log);
  const findings = createFindingJournal(host, log, host.monotonic);
  const listeners = new Set<() => void>();
  let settings = load();
  let config: ExporterState['config'] = {
    lastReloadOk: true,
    lastSuccessAt: host.now(),
    problem: undefined,
    edited: isEdited(),
  };
  let report: Report | undefined;
  let domains: readonly string[] = [];
  let domainStates: DomainStates | undefined;
  // What runs beside the audits, from `start` on.
  let waking: Waking | undefined;
  let hook: HookSource | undefined;
  let status: Handle | undefined;
  let stopped = false;
  let state: ExporterState;

  const publish = () => {
    const remediator = readStatus();
    state = {
      settings,
      config,
      report,
      domains,
      domainStates,
      audits: book.state(),
      nextAuditAt: waking?.nextAt() ?? Number.POSITIVE_INFINITY,
      watchers: waking?.watchers() ?? [],
      kernelInterface: host.bridges.via(),
      hook: hook?.read(),
      remediator,
    };
    for (const listener of listeners) listener();
  };

  const audit = async (trigger: Trigger) => {
    const { policy } = settings;
    const record = book.begin(trigger, host.now());
    try {
      const snapshot = await readSnapshot(host, policy);
      // In this work, which takes tens of milliseconds at 1,000 vnets, whoever scrapes has their turn.
      await letOthersIn();
      const fresh = await inSlices(evaluation(snapshot, policy), SLICE_MS);
      await letOthersIn();
      // Where nothing changed, the parts stay the same objects, and nobody renders them again.
      const same = report !== undefined && (await inSlices(isSameReport(fresh, report), SLICE_MS));
      report = same && report ? { ...report, takenAt: fresh.takenAt } : fresh;
      if (snapshot.domains.ok)
        domains = keepSame(
          domains,
          snapshot.domains.value.map(({ name }) => name),
        );
      domainStates = snapshot.domains.ok ? statesOf(snapshot.domains.value) : undefined;
      record.end(snapshot, report, !same);
      await letOthersIn();
      findings.update(report);
    } catch (error) {
      record.fail(error);
    }
    config = { ...config, edited: isEdited() };
    publish();
  };

  const followed = () => followHookJournal(host, settings.hook.identifiers, log, publish);

  const turns = createTurns<Trigger>({ run: audit, rest: restAfter });
  // Each may take tens of milliseconds, the first process some hundred: requests are answered in between.
  const begin: readonly (() => void)[] = [
    () => {
      waking = startWaking({ host, schedule: settings.schedule, events: DEBOUNCE, wake: turns.request, log });
    },
    () => {
      hook = followed();
    },
    () => {
      // The remediator's status file changes with each of its cycles; that needs no audit.
      status = keepFolderWatched(host, REMEDIATOR_FOLDER, publish);
    },
  ];
  publish();

  return {
    start: async () => {
      const audited = turns.request('startup');
      for (const step of begin) {
        await letOthersIn();
        if (stopped) return;
        step();
      }
      publish();
      await audited;
    },
    state: () => state,
    subscribe: (changed) => {
      listeners.add(changed);
      return () => void listeners.delete(changed);
    },
    reload: () => {
      const apply = (fresh: Settings) => {
        waking?.reschedule(fresh.schedule);
        const others = !isDeepStrictEqual(fresh.hook.identifiers, settings.hook.identifiers);
        settings = fresh;
        if (hook && others) {
          hook.stop();
          hook = followed();
        }
        void turns.request('reload');
      };
      const problem = reloadSettings(load, apply, log);
      const lastSuccessAt = problem === undefined ? host.now() : config.lastSuccessAt;
      config = { lastReloadOk: problem === undefined, lastSuccessAt, problem, edited: isEdited() };
      publish();
      return problem;
    },
    idle: turns.idle,
    stuckMs: () => Math.max(turns.busyMs(), waking?.overdueMs() ?? 0),
    stop: () => {
      stopped = true;
      turns.stop();
      for (const handle of [waking, status, hook]) handle?.stop();
      listeners.clear();
    },
  };
}

function keepSame(old: readonly string[], fresh: readonly string[]): readonly string[] {
  return isDeepStrictEqual(old, fresh) ? old : fresh;
}
