// Policy: what the host shall be; and what it expects of one vnet.
import type { VlanTable } from './vlan.ts';

export interface Policy {
  /** Sorted by name. */
  readonly bridges: readonly BridgePolicy[];
  /** Of the normal form: two files that mean the same have the same. Hex. */
  readonly sha256: string;
}

export interface BridgePolicy {
  readonly name: string;
  /** Of the vnets that no rule names. */
  readonly table: VlanTable;
  readonly uplinks: readonly string[];
  readonly unexpected: 'report' | 'remove' | 'ignore';
  readonly rules: readonly Rule[];
}

/** First match wins. What the file leaves out of `vlans` and `pvid` is the bridge's. */
export interface Rule {
  readonly name: string;
  readonly because: string | undefined;
  /** Names or globs (`*`, `?`). */
  readonly domains: readonly string[];
  /** The guest's MAC, lower case: this interface only. */
  readonly mac: string | undefined;
  readonly table: VlanTable;
}

/** What a vnet shall have. `rule` is the rule's name, `default` where none matched. */
export interface Expectation {
  readonly rule: string;
  readonly table: VlanTable;
}
