// The exporter's state as what the status page shows.

import type { Exporter } from '../exporter/exporter.ts';
import { collectorsOf, type ExporterState, watchersOf } from '../exporter/state.ts';
import { VERSION } from '../model/version.ts';
import type { PageInput } from '../report/page/input.ts';
import type { PageSource } from './page.ts';

export interface PageFacts {
  readonly hostname: string;
  /** One sentence to stand above all, as that this host is a simulated one. */
  readonly notice: string | undefined;
  readonly metricsPath: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

// An audit that is due may take a moment.
const GRACE_MS = 5000;

export function createPageSource(exporter: Exporter, facts: PageFacts): PageSource {
  return { read: () => pageInput(exporter.state(), facts), subscribe: exporter.subscribe };
}

function pageInput(state: ExporterState, { now, ...facts }: PageFacts): PageInput {
  const { report, audits, config, nextAuditAt, hook, remediator } = state;
  const { last, lastSuccessAt } = audits;
  const dueAt = last && Number.isFinite(nextAuditAt) ? nextAuditAt + last.durationMs + GRACE_MS : undefined;
  return {
    ...facts,
    now: now(),
    version: VERSION,
    report,
    audit: {
      trigger: last?.trigger,
      durationMs: last?.durationMs,
      lastSuccessAt,
      dueAt,
      problem: last?.problem,
      configProblem: config.problem,
    },
    collectors: collectorsOf(state),
    watchers: watchersOf(state),
    hook,
    remediator,
  };
}
