// What the journal knows of the hook, by domain. Every domain that libvirt knows has its series from the first audit.
import { added, type DomainHookStats, type HookStats, NOTHING_COUNTED, OTHER } from '../../model/hook-stats.ts';
import { type Family, family, type Sample, seconds, single } from './family.ts';

export interface HookInputs {
  /** Names of all domains that libvirt knows, running or not; of an exporter also those that it knew (exporter/hook-series.ts). */
  readonly domains: readonly string[];
  /** undefined where the journal could not be read. */
  readonly stats: HookStats | undefined;
  /** A hook of ours or the original is in place and executable; undefined where that cannot be told. */
  readonly installed: boolean | undefined;
}

// Of a counter: rate() and increase() take it for a reset.
const DROPPED = 'Lower after a restart of the exporter, where journald has dropped entries since.';

export const HOOK_FAMILIES: readonly Family<HookInputs>[] = [
  hookFamily(
    'counter',
    'hook_errors_total',
    `Errors of the libvirt hook in this boot's journal. ${DROPPED}`,
    (stats) => stats.errors,
  ),
  hookFamily(
    'counter',
    'hook_warnings_total',
    `Warnings of the libvirt hook in this boot's journal. ${DROPPED}`,
    (stats) => stats.warnings,
  ),
  hookFamily(
    'counter',
    'hook_runs_total',
    `Runs of the libvirt hook in this boot's journal. ${DROPPED}`,
    (stats) => stats.runs,
  ),
  hookFamily(
    'gauge',
    'hook_last_error_timestamp_seconds',
    "When the libvirt hook last reported an error, 0 = not in this boot's journal.",
    (stats) => seconds(stats.lastError?.at),
  ),
  family(
    'counter',
    'hook_entries_suppressed_total',
    [],
    `Journal entries of libvirt's services that journald suppressed in this boot, because they came too fast: the hook's counts may be too low by so many. ${DROPPED}`,
    ({ stats }) => single(stats?.suppressed),
  ),
  family(
    'gauge',
    'hook_installed',
    [],
    "Whether this project's hook, or the original of RCA-2026-02-001, is in place and executable; other hooks do not count.",
    ({ installed }) => single(installed),
  ),
];

function hookFamily(
  type: 'counter' | 'gauge',
  name: string,
  help: string,
  of: (stats: DomainHookStats) => number,
): Family<HookInputs> {
  const unknown = `Domains that libvirt has not known since the exporter started are added up as "${OTHER}"`;
  const kept =
    ', which keeps them until the exporter restarts. Where hook.identifiers changes, domains are counted anew';
  const about = `${help} ${unknown}${type === 'counter' ? kept : ''}.`;
  return family(type, name, ['domain'], about, (inputs) => {
    if (inputs.stats === undefined) return [];
    return [...byKnownDomain(inputs.domains, inputs.stats)].map(
      ([domain, stats]): Sample => ({ value: of(stats), labels: { domain } }),
    );
  });
}

function byKnownDomain(domains: readonly string[], stats: HookStats): ReadonlyMap<string, DomainHookStats> {
  const known = new Map([...domains, OTHER].map((domain) => [domain, NOTHING_COUNTED]));
  for (const [name, more] of stats.byDomain) {
    const domain = known.has(name) ? name : OTHER;
    known.set(domain, added(known.get(domain) ?? NOTHING_COUNTED, more));
  }
  return known;
}
