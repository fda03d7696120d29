// What the journal knows of the hook.

/** Since boot, from journald. */
export interface HookStats {
  /** By domain name; domains that libvirt does not know are added up under `(other)` where they are shown. */
  readonly byDomain: ReadonlyMap<string, DomainHookStats>;
}

export interface DomainHookStats {
  readonly errors: number;
  readonly warnings: number;
  readonly runs: number;
  /** `at` in milliseconds since the epoch. */
  readonly lastError: { readonly at: number; readonly text: string } | undefined;
}
