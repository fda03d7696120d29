// What the status page shows, gathered by the server: everything is a value, the clock included.
import type { HookStats } from '../../model/hook-stats.ts';
import type { RemediatorView } from '../../model/remediator-status.ts';
import type { Report } from '../../model/report.ts';
import type { Reading } from '../../model/snapshot.ts';
import type { Collector, Watcher } from '../metrics/self.ts';

export interface PageInput {
  /** Milliseconds since the epoch, as all times here. Ages are counted to it. */
  readonly now: number;
  readonly version: string;
  readonly hostname: string;
  /** One sentence to stand above all, as that this host is a simulated one. */
  readonly notice: string | undefined;
  /** Where the metrics are: `/metrics`. */
  readonly metricsPath: string;
  /** undefined before the first audit is done. */
  readonly report: Report | undefined;
  readonly audit: AuditInfo;
  /** The readers of the last audit and the journal's, in a stable order. */
  readonly collectors: readonly Collector[];
  readonly watchers: readonly Watcher[];
  /** undefined where nobody reads the journal. */
  readonly hook: { readonly stats: Reading<HookStats>; readonly installed: boolean | undefined } | undefined;
  readonly remediator: RemediatorView;
}

export interface AuditInfo {
  /** Of the last audit, as `durationMs`. */
  readonly trigger: string | undefined;
  readonly durationMs: number | undefined;
  /** When the last audit that could read everything began. */
  readonly lastSuccessAt: number | undefined;
  /** When the next one is due at the latest: later than that, the page says that it is overdue. */
  readonly dueAt: number | undefined;
  /** Why the last audit failed; undefined where it ended well. */
  readonly problem: string | undefined;
  /** Why the last reload of the config was refused; undefined where it was not. */
  readonly configProblem: string | undefined;
}
