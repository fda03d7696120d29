// What the remediator tells of itself in its status file. Without the file it does not run, and has done nothing: 0; when it started and
// by which policy it heals are absent then. A file that cannot be understood says nothing: then only remediator_up is there.
import {
  type DomainRemediation,
  DURATION_BUCKETS,
  isHolding,
  type RemediatorStatus,
  type RemediatorView,
  SUSPENSION_CAUSES,
  type SuspensionCause,
} from '../../model/remediator-status.ts';
import type { Report } from '../../model/report.ts';
import { domainsOn } from './bridges.ts';
import { type Family, family, type Labels, PREFIX, type Sample, seconds, single } from './family.ts';

/** What the status file says. `absent`: there is none. `unreadable`: it could not be read or understood. `stale`: it is too old to be of a daemon that runs. */
export interface RemediatorInputs {
  readonly report: Report;
  readonly remediator: RemediatorView;
}

export const REMEDIATOR_FAMILIES: readonly Family<RemediatorInputs>[] = [
  family('gauge', 'remediator_up', [], "Whether the remediator's status file is there, current and readable.", (i) =>
    single(i.remediator.kind === 'current'),
  ),
  remediatorGauge('remediator_dry_run', 'Whether the remediator only decides and logs, and changes nothing.', (s) =>
    Number(s?.dryRun ?? false),
  ),
  remediatorGauge('remediator_paused', 'Whether the remediator is paused by its pause file: it changes nothing.', (s) =>
    Number(s?.paused ?? false),
  ),
  remediatorGauge(
    'remediator_last_cycle_timestamp_seconds',
    "When the remediator's last cycle ended, 0 = never.",
    (s) => seconds(s?.lastCycleAt),
  ),
  family(
    'gauge',
    'remediator_start_time_seconds',
    [],
    'When the remediator started. Absent where there is none.',
    told((s) => (s ? single(seconds(s.startedAt)) : [])),
  ),
  family(
    'gauge',
    'remediator_policy_info',
    ['sha256'],
    '1. The checksum of the policy, as in policy_info, by which the remediator heals; where it holds another one, the one before. Absent where there is no remediator, or no policy that it has accepted.',
    told((s) => (s?.policySha256 ? [{ value: 1, labels: { sha256: s.policySha256 } }] : [])),
  ),
  domainFamily(
    'counter',
    'remediations_total',
    'Heals that were verified since the remediator started.',
    (d) => d?.remediations,
  ),
  domainFamily(
    'counter',
    'remediation_failures_total',
    'Heals that failed since the remediator started.',
    (d) => d?.failures,
  ),
  domainFamily(
    'gauge',
    'remediation_last_timestamp_seconds',
    'When the domain was last healed, 0 = not since the remediator started.',
    (d) => seconds(d?.lastAt),
  ),
  family(
    'gauge',
    'remediation_suspended',
    ['domain', 'bridge', 'because'],
    'Whether the guard has suspended the domain: because="undone", somebody undoes the heals; "failing", the heals fail.',
    perDomain((labels, remediation) =>
      SUSPENSION_CAUSES.map((because) => ({
        value: Number(causeOf(remediation) === because),
        labels: { ...labels, because },
      })),
    ),
  ),
  remediatorGauge(
    'remediation_held',
    "Whether a change of the policy, or of what domains ask for, waits for an operator's heal.",
    (s) => Number(s !== undefined && isHolding(s)),
  ),
  family(
    'gauge',
    'remediation_held_vnets',
    ['bridge'],
    "Vnets that a change of the policy, or of what domains ask for, would move and that wait for an operator's heal.",
    told((status, { bridges }) =>
      bridges.map(({ name }) => ({
        value: (status?.held ?? []).filter((held) => held.bridge === name).length,
        labels: { bridge: name },
      })),
    ),
  ),
  family('histogram', 'remediation_duration_seconds', ['le'], 'From drift seen to verified.', told(duration)),
];

/** Samples of the status, which is undefined where there is no remediator; none where it cannot be read. */
function told(
  samples: (status: RemediatorStatus | undefined, report: Report) => readonly Sample[],
): (inputs: RemediatorInputs) => readonly Sample[] {
  return ({ report, remediator: view }) => {
    if (view.kind === 'unreadable') return [];
    return samples(view.kind === 'absent' ? undefined : view.status, report);
  };
}

function remediatorGauge(
  name: string,
  help: string,
  of: (status: RemediatorStatus | undefined) => number,
): Family<RemediatorInputs> {
  return family(
    'gauge',
    name,
    [],
    help,
    told((status) => single(of(status))),
  );
}

function domainFamily(
  type: 'counter' | 'gauge',
  name: string,
  help: string,
  of: (domain: DomainRemediation | undefined) => number | undefined,
): Family<RemediatorInputs> {
  const samples = perDomain((labels, remediation) => [{ value: of(remediation) ?? 0, labels }]);
  return family(type, name, ['domain', 'bridge'], help, samples);
}

/** The samples of each domain of a bridge, whether or not the remediator tells of it. */
function perDomain(samples: (labels: Labels, remediation: DomainRemediation | undefined) => readonly Sample[]) {
  return told((status, { bridges }) =>
    bridges.flatMap((bridge) => {
      const there = (status?.domains ?? []).filter((d) => d.bridge === bridge.name);
      const remediation = new Map(there.map((d) => [d.domain, d]));
      const domains = [...new Set([...domainsOn(bridge), ...remediation.keys()])].sort();
      return domains.flatMap((domain) => samples({ domain, bridge: bridge.name }, remediation.get(domain)));
    }),
  );
}

// A remediator of an older version does not say why.
function causeOf(remediation: DomainRemediation | undefined): SuspensionCause | undefined {
  return remediation?.suspendedSince === undefined ? undefined : (remediation.suspendedBecause ?? 'undone');
}

function duration(status: RemediatorStatus | undefined): readonly Sample[] {
  const { buckets, sum, count } = status?.duration ?? {
    buckets: DURATION_BUCKETS.map((le) => [le, 0] as const),
    sum: 0,
    count: 0,
  };
  const name = `${PREFIX}remediation_duration_seconds`;
  return [
    ...buckets.map(([le, value]) => ({
      value,
      labels: { le: le === null ? '+Inf' : `${le}` },
      metricName: `${name}_bucket`,
    })),
    { value: sum, metricName: `${name}_sum` },
    { value: count, metricName: `${name}_count` },
  ];
}
