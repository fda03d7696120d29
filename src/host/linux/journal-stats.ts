// Hook events added up by domain. The journal is written by many: its names must not fill the memory.
import { type DomainHookStats, type HookStats, NOTHING_COUNTED, OTHER } from '../../model/hook-stats.ts';
import type { HookEvent, Suppressed } from './journal-event.ts';

const MAX_DOMAINS = 5_000;
const MAX_NAME = 256;

export interface HookCounts {
  add(event: HookEvent | Suppressed): void;
  /** As of now; a new object only where something was added. */
  stats(): HookStats;
}

/** `maxDomains`: names beyond that many, too long ones and missing ones are `(other)`. */
export function createHookCounts(maxDomains: number = MAX_DOMAINS): HookCounts {
  const byDomain = new Map<string, DomainHookStats>();
  let suppressed = 0;
  let shown: HookStats | undefined;
  return {
    add(event) {
      shown = undefined;
      if (event.kind === 'suppressed') {
        suppressed += event.entries;
        return;
      }
      const { domain } = event;
      const fits = domain !== '' && domain.length <= MAX_NAME && (byDomain.has(domain) || byDomain.size < maxDomains);
      const name = fits ? domain : OTHER;
      byDomain.set(name, plus(byDomain.get(name) ?? NOTHING_COUNTED, event));
    },
    stats() {
      shown ??= { byDomain: new Map(byDomain), suppressed };
      return shown;
    },
  };
}

function plus(stats: DomainHookStats, { severity, run, at, text }: HookEvent): DomainHookStats {
  return {
    errors: stats.errors + (severity === 'error' ? 1 : 0),
    warnings: stats.warnings + (severity === 'warning' ? 1 : 0),
    runs: stats.runs + (run ? 1 : 0),
    lastError: severity === 'error' ? { at, text } : stats.lastError,
  };
}
