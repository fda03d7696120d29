// Keeps the book of audits: how many, how they went, what is worth a line in the log.
import type { Log } from '../model/log.ts';
import type { Report } from '../model/report.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { TRIGGERS, type Trigger } from '../report/metrics/self.ts';
import { summarize } from '../report/summary.ts';
import type { Audits } from './state.ts';

export interface AuditBook {
  state(): Audits;
  begin(trigger: Trigger, at: number): AuditRecord;
}

export interface AuditRecord {
  /** It ended. `changed`: the report is not the last one. */
  end(snapshot: Snapshot, report: Report, changed: boolean): void;
  /** It ended in an error, which is a bug. */
  fail(error: unknown): void;
}

export function createAuditBook(log: Log): AuditBook {
  const total = Object.fromEntries(TRIGGERS.map((trigger) => [trigger, 0])) as Record<Trigger, number>;
  let audits: Audits = { total, failures: 0, last: undefined, lastSuccessAt: undefined, collectors: [] };

  return {
    state: () => audits,
    begin: (trigger, at) => {
      const began = performance.now();
      const close = (problem: string | undefined, collectors: Audits['collectors']) => {
        const endedAt = performance.now();
        audits = {
          total: { ...audits.total, [trigger]: audits.total[trigger] + 1 },
          failures: audits.failures + (problem === undefined ? 0 : 1),
          last: { trigger, beganAt: at, durationMs: endedAt - began, problem },
          lastSuccessAt: problem === undefined ? at : audits.lastSuccessAt,
          collectors,
        };
      };
      return {
        end: (snapshot, report, changed) => {
          const before = audits.collectors;
          const collectors = collectorsOf(snapshot);
          logTransitions(before, collectors, log);
          const failed = collectors.filter((collector) => !collector.ok);
          close(failed.map(({ collector, problem }) => `${collector}: ${problem}`).join('; ') || undefined, collectors);
          const ms = Math.round(audits.last?.durationMs ?? 0);
          log[changed ? 'info' : 'debug']({ trigger, ...summarize(report), ms }, changed ? 'report changed' : 'audit');
        },
        fail: (error) => {
          const { message, stack } = error as Error;
          close(message, audits.collectors);
          log.error({ trigger, problem: message, stack }, 'audit failed');
        },
      };
    },
  };
}

function collectorsOf(snapshot: Snapshot): Audits['collectors'] {
  return snapshot.collectors.map((run) => {
    const reading = snapshot[run.collector];
    return { ...run, problem: reading.ok ? undefined : reading.error };
  });
}

function logTransitions(before: Audits['collectors'], after: Audits['collectors'], log: Log): void {
  for (const { collector, ok, problem } of after) {
    const was = before.find((candidate) => candidate.collector === collector);
    if (!ok && (was?.ok ?? true)) log.warn({ collector, problem }, 'cannot be read');
    if (ok && was && !was.ok) log.info({ collector }, 'can be read again');
  }
}
