// What the exporter knows at one moment. The status page, /metrics and /api/v1/report are made of it.
import type { Settings } from '../config/settings.ts';
import type { HookView } from '../host/linux/journal.ts';
import type { WatcherState } from '../host/linux/watch.ts';
import type { KernelInterface } from '../model/kernel-interface.ts';
import type { RemediatorView } from '../model/remediator-status.ts';
import type { Report } from '../model/report.ts';
import type { Domain } from '../model/snapshot.ts';
import type { Collector, DomainStates, Trigger, Watcher } from '../report/metrics/self.ts';

export interface ExporterState {
  /** In force. */
  readonly settings: Settings;
  readonly config: {
    /** Whether the last attempt to load it succeeded; if not, `problem` says why. */
    readonly lastReloadOk: boolean;
    readonly lastSuccessAt: number;
    readonly problem: string | undefined;
    /** Whether the file said something else than what is in force, at the last audit or reload; undefined where that cannot be told. */
    readonly edited: boolean | undefined;
  };
  /** Of the last audit; undefined before the first. Its bridges are the same objects as long as nothing changed. */
  readonly report: Report | undefined;
  /** Names of all domains that libvirt knows, sorted; as last read. */
  readonly domains: readonly string[];
  /** How many domains are in which state; undefined where they could not be listed. */
  readonly domainStates: DomainStates | undefined;
  readonly audits: Audits;
  /** When the next audit is due where nothing happens, milliseconds since the epoch; Infinity: never. */
  readonly nextAuditAt: number;
  readonly watchers: readonly WatcherState[];
  readonly kernelInterface: KernelInterface;
  /** undefined where nobody reads the journal. */
  readonly hook: HookView | undefined;
  readonly remediator: RemediatorView;
}

/** Times in milliseconds since the epoch. */
export interface Audits {
  readonly total: Readonly<Record<Trigger, number>>;
  /** Audits in which something could not be read, or that ended in an error. */
  readonly failures: number;
  readonly last: LastAudit | undefined;
  /** When the last audit that made a report ended, whatever it could read. */
  readonly lastEndedAt: number | undefined;
  /** When the last audit that could read everything began. */
  readonly lastSuccessAt: number | undefined;
  /** The readers of the last audit. */
  readonly collectors: readonly Collector[];
}

export interface LastAudit {
  readonly trigger: Trigger;
  readonly durationMs: number;
  /** Why it failed; undefined where it did not. */
  readonly problem: string | undefined;
}

/** How many domains are in which state. */
export function statesOf(domains: readonly Domain[]): DomainStates {
  const states = { running: 0, defined: 0, unknown: 0 };
  for (const { state } of domains) states[state]++;
  return states;
}

/** The readers of the last audit, and the journal's where there is one. */
export function collectorsOf({ audits, hook }: Pick<ExporterState, 'audits' | 'hook'>): Audits['collectors'] {
  if (!hook) return audits.collectors;
  const { stats, durationMs } = hook;
  const problem = stats.ok ? undefined : stats.error;
  return [...audits.collectors, { collector: 'journal', ok: stats.ok, durationMs, problem }];
}

/** Whatever watches for changes, the journal's reader among it. */
export function watchersOf({ watchers, hook }: ExporterState): readonly Watcher[] {
  return hook ? [...watchers, { watcher: 'journal', up: hook.watching }] : watchers;
}
