// Policy: what the host should be, and what one vnet should have.
import type { Vids, VlanTable } from './vlan.ts';

export interface Policy {
  /** Sorted by name. */
  readonly bridges: readonly BridgePolicy[];
  /** Of the normal form: two files that mean the same have the same. Hex. */
  readonly sha256: string;
}

export interface BridgePolicy {
  readonly name: string;
  /** Of the vnets of which no source of intent speaks. */
  readonly table: VlanTable;
  /** `vlans` as the file has it, without the PVID's: for what leaves its VLANs to the bridge. */
  readonly vlans: Vids;
  readonly uplinks: readonly string[];
  readonly unexpected: Unexpected;
  readonly rules: readonly Rule[];
  /** Where it is written what a vnet should have: the first source that says something counts. */
  readonly intent: readonly IntentSource[];
  /** What `vlan` and `metadata` may ask for. */
  readonly allowed: Vids;
  /** What the bridge's own port should have at least; undefined where the config does not say. */
  readonly host: VlanTable | undefined;
}

/** A source of intent: the config's rules, libvirt's own `<vlan>`, our element in the domain's metadata. */
export const SOURCES = ['rules', 'vlan', 'metadata'] as const;
export type IntentSource = (typeof SOURCES)[number];

/** What is done about VLANs that a policy does not name: told, also removed, or none of both. */
export const UNEXPECTED = ['report', 'remove', 'ignore'] as const;
export type Unexpected = (typeof UNEXPECTED)[number];

/**
 * First match wins: of the selectors (`domains` to `aliases`) at least one stands, and each that stands must fit. What the file
 * leaves out of `vlans` and `pvid` is the bridge's.
 */
export interface Rule {
  readonly name: string;
  readonly because: string | undefined;
  /** Names or globs (`*`, `?`). */
  readonly domains: readonly string[] | undefined;
  /** The guest's MAC, lower case: this interface only. */
  readonly mac: string | undefined;
  /** Of the libvirt network, of its portgroup, and the user's alias (`ua-…`) of the interface: names or globs. */
  readonly networks?: readonly string[] | undefined;
  readonly portgroups?: readonly string[] | undefined;
  readonly aliases?: readonly string[] | undefined;
  readonly table: VlanTable;
}

/** What a vnet should have. `rule` is the rule's name, `libvirt` or `metadata`; `default` where no source says anything. */
export interface Expectation {
  readonly rule: string;
  /** Where it is undecided, what the first source that is understood wants. */
  readonly table: VlanTable;
  /** Why it is not known what the vnet should have; then nothing is changed. */
  readonly undecided?: Undecided | undefined;
}

/** For people, as a finding says it. */
export interface Undecided {
  readonly reason: 'intent_conflict' | 'intent_invalid';
  readonly expected: string;
  readonly actual: string;
}
