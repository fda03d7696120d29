// What is known after an audit, as what the metrics are made of: for the exporter and for `metrics`.
import { VERSION } from '../model/version.ts';
import type { HookInputs } from '../report/metrics/hook.ts';
import type { RemediatorInputs } from '../report/metrics/remediator.ts';
import type { AuditInputs } from '../report/metrics/self.ts';
import type { ReportInputs } from '../report/metrics/vnets.ts';
import { ONCE, renderMetrics } from '../report/metrics.ts';
import { collectorsOf, type ExporterState } from './state.ts';

export interface Inputs {
  /** undefined before the first audit: then there are only the metrics about the program itself. */
  readonly report: ReportInputs | undefined;
  readonly hook: HookInputs | undefined;
  readonly remediator: RemediatorInputs | undefined;
}

/** The result of one audit, of the exporter or of `metrics`. */
export type Audited = Pick<
  ExporterState,
  'settings' | 'report' | 'domains' | 'domainStates' | 'audits' | 'kernelInterface' | 'hook' | 'remediator'
>;

/** Of everything that is on the host. */
export function inputsOf({ report, settings, domains, hook, remediator }: Audited): Inputs {
  if (!report) return { report: undefined, hook: undefined, remediator: undefined };
  const { maxVlanSeriesPerVnet } = settings.metrics;
  const stats = hook?.stats.ok ? hook.stats.value : undefined;
  return {
    report: { report, maxVlanSeriesPerVnet },
    hook: { domains, stats, installed: hook?.installed },
    remediator: { report, remediator },
  };
}

/** Of the audit itself. */
export function auditInputsOf(audited: Audited): AuditInputs {
  const { audits, domainStates, kernelInterface, settings, report } = audited;
  return {
    audits: {
      durationMs: audits.last?.durationMs,
      lastEndedAt: audits.lastEndedAt,
      lastSuccessAt: audits.lastSuccessAt,
    },
    domainStates,
    collectors: collectorsOf(audited),
    kernelInterface,
    // Of what is shown: after a reload that is the former policy's, until the next audit.
    config: { policySha256: report?.policySha256 ?? settings.policy.sha256 },
    build: { version: VERSION, node: process.version },
  };
}

/** One audit as Prometheus' text. */
export async function renderOnce(audited: Audited): Promise<string> {
  const { report, hook, remediator } = inputsOf(audited);
  const parts = [
    report && renderMetrics(ONCE.report, report),
    hook && renderMetrics(ONCE.hook, hook),
    remediator && renderMetrics(ONCE.remediator, remediator),
    renderMetrics(ONCE.self, auditInputsOf(audited)),
  ];
  return (await Promise.all(parts)).join('');
}
