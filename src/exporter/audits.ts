// Keeps the book of audits: how many, how they went, what is worth a line in the log.
import type { Log } from '../model/log.ts';
import { absentBridges, type Report, type Unknown } from '../model/report.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { TRIGGERS, type Trigger } from '../report/metrics/self.ts';
import { summarize } from '../report/summary.ts';
import { subjectOf } from '../report/words.ts';
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
  let audits: Audits = {
    total,
    failures: 0,
    last: undefined,
    lastEndedAt: undefined,
    lastSuccessAt: undefined,
    collectors: [],
  };
  let unread: readonly Unknown[] = [];

  return {
    state: () => audits,
    begin: (trigger, at) => {
      const began = performance.now();
      const passed = () => performance.now() - began;
      const close = (problem: string | undefined, told: Partial<Audits> = {}) => {
        audits = {
          ...audits,
          total: { ...audits.total, [trigger]: audits.total[trigger] + 1 },
          failures: audits.failures + (problem === undefined ? 0 : 1),
          last: { trigger, durationMs: passed(), problem },
          lastSuccessAt: problem === undefined ? at : audits.lastSuccessAt,
          ...told,
        };
      };
      return {
        end: (snapshot, report, changed) => {
          const before = unread;
          unread = report.unknowns.filter(isReadFailure);
          logTransitions(before, unread, log);
          const problem = problemOf(report.unknowns.filter(failsAudit(report)));
          close(problem, { lastEndedAt: at + passed(), collectors: runsOf(snapshot) });
          const ms = Math.round(audits.last?.durationMs ?? 0);
          log[changed ? 'info' : 'debug']({ trigger, ...summarize(report), ms }, changed ? 'report changed' : 'audit');
        },
        fail: (error) => {
          const { message, stack } = error as Error;
          close(message);
          log.error({ trigger, problem: message, stack }, 'audit failed');
        },
      };
    },
  };
}

function runsOf(snapshot: Snapshot): Audits['collectors'] {
  return snapshot.collectors.map((run) => {
    const reading = snapshot[run.collector];
    return { ...run, problem: reading.ok ? undefined : reading.error };
  });
}

/** Taps of nobody were read well. */
function isReadFailure({ kind }: Unknown): boolean {
  return kind !== 'taps';
}

/** Whether it is part of the audit's problem. Nothing of the audit is older for a bridge that is not there. */
export function failsAudit(report: Report): (unknown: Unknown) => boolean {
  const absent = absentBridges(report);
  return (unknown) => isReadFailure(unknown) && (unknown.kind !== 'bridge' || !absent.has(unknown.name ?? ''));
}

const SHOWN = 5;

function problemOf(unread: readonly Unknown[]): string | undefined {
  if (unread.length === 0) return undefined;
  const more = unread.length > SHOWN ? [`and ${unread.length - SHOWN} more`] : [];
  return [...unread.slice(0, SHOWN).map((u) => `${subjectOf(u)}: ${u.problem}`), ...more].join('; ');
}

function logTransitions(before: readonly Unknown[], after: readonly Unknown[], log: Log): void {
  const subjects = (unread: readonly Unknown[]) => new Set(unread.map(subjectOf));
  const [was, is] = [subjects(before), subjects(after)];
  for (const unknown of after)
    if (!was.has(subjectOf(unknown))) log.warn({ ...fieldsOf(unknown), problem: unknown.problem }, 'cannot be read');
  for (const unknown of before) if (!is.has(subjectOf(unknown))) log.info(fieldsOf(unknown), 'is unreadable no longer');
}

/** A reader as a whole is a collector. */
function fieldsOf({ kind, name }: Unknown) {
  return name === undefined ? { collector: kind } : { [kind]: name };
}
