// What the journal knows of the hook.

/** Where entries of domains that nobody knows are added up: the journal must not make series at will. No domain is called so. */
export const OTHER = '(other)';

/** Since boot, from journald. */
export interface HookStats {
  /** By domain name. */
  readonly byDomain: ReadonlyMap<string, DomainHookStats>;
  /** Entries of libvirt's services that journald threw away because they came too fast: the counts may be too low by so many. */
  readonly suppressed: number;
}

export interface DomainHookStats {
  readonly errors: number;
  readonly warnings: number;
  readonly runs: number;
  /** `at` in milliseconds since the epoch. */
  readonly lastError: { readonly at: number; readonly text: string } | undefined;
}

export const NOTHING_COUNTED: DomainHookStats = { errors: 0, warnings: 0, runs: 0, lastError: undefined };

export function added(a: DomainHookStats, b: DomainHookStats): DomainHookStats {
  return {
    errors: a.errors + b.errors,
    warnings: a.warnings + b.warnings,
    runs: a.runs + b.runs,
    lastError: (a.lastError?.at ?? 0) > (b.lastError?.at ?? 0) ? a.lastError : b.lastError,
  };
}
