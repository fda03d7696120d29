// Policy: what the host shall be; and what it expects of one vnet.
import type { Vid } from './vlan.ts';

export interface Policy {
  /** Sorted by name. */
  readonly bridges: readonly BridgePolicy[];
  /** Of the normal form: two files that mean the same have the same. Hex. */
  readonly sha256: string;
}

export interface BridgePolicy {
  readonly name: string;
  readonly vlans: readonly Vid[];
  readonly pvid: Vid | undefined;
  readonly uplinks: readonly string[];
  readonly unexpected: 'report' | 'remove' | 'ignore';
  readonly rules: readonly Rule[];
}

/** First match wins. `vlans` and `pvid` are filled in from the bridge where the file leaves them out. */
export interface Rule {
  readonly name: string;
  readonly because: string | undefined;
  /** Names or globs (`*`, `?`). */
  readonly domains: readonly string[];
  /** The guest's MAC, lower case: this interface only. */
  readonly mac: string | undefined;
  readonly vlans: readonly Vid[];
  /** undefined = none: tagged only. */
  readonly pvid: Vid | undefined;
}

/** What a vnet shall have: `vlans` holds the PVID's VLAN too. `rule` is the rule's name, `default` where none matched. */
export interface Expectation {
  readonly rule: string;
  readonly vlans: readonly Vid[];
  readonly pvid: Vid | undefined;
}
