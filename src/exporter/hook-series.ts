// In which series the hook's counts are told while the exporter runs. A series that falls is a reset to increase(), which then tells all
// that it has as new. So a name that libvirt knows has a series of its own and keeps it, also where the domain is undefined; one that
// libvirt has not known yet is added up in (other), and what is there stays there. There are no more series than names that are counted.
import { added, type DomainHookStats, NOTHING_COUNTED, OTHER } from '../model/hook-stats.ts';
import type { HookInputs } from '../report/metrics/hook.ts';

/** The result makes of what is known now what is to be told: domains that have a series, and (other). The same objects where nothing changed. */
export function createHookSeries(): (inputs: HookInputs) => HookInputs {
  let counted: ReadonlyMap<string, DomainHookStats> = new Map();
  let own: ReadonlySet<string> = new Set();
  let other = NOTHING_COUNTED;
  let last: { readonly of: HookInputs; readonly told: HookInputs } | undefined;
  return (inputs) => {
    const { domains, stats, installed } = inputs;
    if (stats === undefined) return inputs;
    if (last && last.of.domains === domains && last.of.stats === stats) return { ...last.told, installed };
    const known = new Set(domains);
    const isOwn = ([name]: readonly [string, DomainHookStats]) => known.has(name) || own.has(name);
    const entries = [...stats.byDomain];
    const mine = new Map(entries.filter(isOwn));
    const strangers = entries.filter((entry) => !isOwn(entry));
    // Its last error is that of a name that is there still: it is no counter.
    other = strangers
      .map(([name, now]) => since(counted.get(name) ?? NOTHING_COUNTED, now))
      .reduce(added, { ...other, lastError: undefined });
    own = new Set(mine.keys());
    counted = stats.byDomain;
    const told = {
      domains: [...new Set([...domains, ...own])],
      stats: { ...stats, byDomain: mine.set(OTHER, other) },
      installed,
    };
    last = { of: inputs, told };
    return told;
  };
}

// Fewer than before are counted where the config names other hooks now: then the whole boot is read again.
function since(before: DomainHookStats, now: DomainHookStats): DomainHookStats {
  const more = (of: 'errors' | 'warnings' | 'runs') => Math.max(0, now[of] - before[of]);
  return { errors: more('errors'), warnings: more('warnings'), runs: more('runs'), lastError: now.lastError };
}
