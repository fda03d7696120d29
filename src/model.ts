// The vocabulary. Every stage of the pipeline takes and returns these values, all of them immutable and in a stable order:
//   host/snapshot → Snapshot ─► policy/evaluate(Snapshot, Policy) → Report ─► report/* (metrics, page, text)
//                                                                       └───► remediation/plan → Plan → apply → Outcome
import type { Vid, VlanTable } from './vlan.ts';

// ── Snapshot: what the host is, read once. What could not be read is in it as such. ─────────────────────────────────

/** What a reader returned, or why it could not be read. */
export type Reading<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: string };

/** The host at one moment. `bridges` hold those that the policy names and that exist. */
export interface Snapshot {
  /** When reading began, milliseconds since the epoch. */
  readonly takenAt: number;
  readonly links: Reading<readonly Bridge[]>;
  /** VLAN table by port name, of all bridges; a port that is not in it has no VLAN at all. */
  readonly vlans: Reading<ReadonlyMap<string, VlanTable>>;
  readonly domains: Reading<readonly Domain[]>;
  /** How reading went, one for each reader. */
  readonly collectors: readonly CollectorRun[];
}

export interface CollectorRun {
  readonly collector: 'links' | 'vlans' | 'domains';
  readonly ok: boolean;
  readonly durationMs: number;
}

/** A Linux bridge, from /sys/class/net/NAME/bridge and brif. */
export interface Bridge {
  readonly name: string;
  /** Whether VLANs are enforced; undefined where the kernel file could not be read. */
  readonly vlanFiltering: boolean | undefined;
  /** The PVID that the kernel gives a port that joins; 0 = none; undefined where it could not be read. */
  readonly defaultPvid: number | undefined;
  /** Sorted by name. */
  readonly ports: readonly Port[];
}

export interface Port {
  readonly name: string;
  /** Lower case, colons; undefined where it could not be read. */
  readonly mac: string | undefined;
  /** A tun/tap device, as VMs have. */
  readonly tap: boolean;
}

/** A libvirt domain, from its XML. */
export interface Domain {
  readonly name: string;
  readonly uuid: string | undefined;
  /** `running`: has live XML. `defined`: persistent XML only. `unknown`: its XML could not be understood, `problem` says why. */
  readonly state: 'running' | 'defined' | 'unknown';
  readonly problem?: string;
  readonly interfaces: readonly Interface[];
}

/** An `<interface>` of a domain. */
export interface Interface {
  /** The guest's MAC, lower case. */
  readonly mac: string;
  /** The tap's name, `<target dev>`; in live XML only. */
  readonly target: string | undefined;
  /** The bridge it belongs on; undefined where it is none of a Linux bridge's, `skipped` says why. */
  readonly bridge: string | undefined;
  /** Why this interface has no Linux bridge port, as "macvtap" or "openvswitch"; undefined where it has one. */
  readonly skipped: string | undefined;
}

// ── Policy: what the host shall be. ──────────────────────────────────────────────────────────────────────────────────

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

// ── Report: all vnets, verdicts and findings for one snapshot and one policy. ────────────────────────────────────────

export const REASONS = [
  'pvid_wrong',
  'pvid_missing',
  'vlan_missing',
  'vlan_unexpected',
  'tagging_wrong',
  'not_on_bridge',
  'mac_ambiguous',
  'filtering_off',
  'uplink_vlan_missing',
] as const;
export type Reason = (typeof REASONS)[number];

export type Verdict = 'compliant' | 'drifted' | 'unknown';

export interface Report {
  /** The snapshot's. */
  readonly takenAt: number;
  readonly policySha256: string;
  /** One for each bridge of the policy, present or not, sorted by name. */
  readonly bridges: readonly BridgeReport[];
  /** Domains that could not be understood and readers that failed: what this report cannot tell. */
  readonly unknowns: readonly Unknown[];
}

/** Something that could not be read: `subject` as "domain web-1" or "vlans". */
export interface Unknown {
  readonly subject: string;
  readonly problem: string;
}

export interface BridgeReport {
  readonly name: string;
  /** undefined where links could not be read. */
  readonly present: boolean | undefined;
  readonly vlanFiltering: boolean | undefined;
  readonly defaultPvid: number | undefined;
  /** Sorted by domain, then port name. */
  readonly vnets: readonly VnetReport[];
  /** Interfaces that running domains have on this bridge, matched or not, by domain name. */
  readonly expectedVnets: ReadonlyMap<string, number>;
  /** Taps that match no domain. */
  readonly orphanPorts: readonly string[];
  /** All findings of the bridge, its vnets' included. */
  readonly findings: readonly Finding[];
}

/** A bridge port matched to one interface of one running domain. */
export interface VnetReport {
  readonly bridge: string;
  /** The port's name. */
  readonly vnet: string;
  readonly domain: string;
  readonly uuid: string | undefined;
  /** The guest's MAC. */
  readonly mac: string;
  readonly expected: Expectation;
  /** undefined where the VLAN table could not be read: the verdict is unknown. */
  readonly actual: VlanTable | undefined;
  readonly missing: readonly Vid[];
  /** VLANs that should not be there (none where the policy says `unexpected: ignore`, but for the default VLAN). */
  readonly unexpected: readonly Vid[];
  /** What `plan` makes of `actual`; undefined where `actual` is. Equal to `actual` where there is nothing to heal. */
  readonly target: VlanTable | undefined;
  readonly verdict: Verdict;
  readonly findings: readonly Finding[];
}

/** One deviation of one subject. `domain` and `vnet` are undefined where the finding is not about one. */
export interface Finding {
  readonly reason: Reason;
  readonly bridge: string;
  readonly domain: string | undefined;
  readonly vnet: string | undefined;
  /** For people. */
  readonly expected: string;
  readonly actual: string;
}

// ── Plan and Outcome: what would make a report compliant, and what became of it. ─────────────────────────────────────

/** One `bridge vlan` command. `add` replaces the flags of an existing row, as the kernel does. */
export interface Change {
  readonly action: 'add' | 'delete';
  readonly port: string;
  /** Consecutive VLAN ids, first and last; equal where it is one. */
  readonly first: Vid;
  readonly last: Vid;
  /** Of `add`. */
  readonly pvid: boolean;
  /** Of `add`. */
  readonly untagged: boolean;
}

export interface Plan {
  /** In report order. Only vnets that need a change. */
  readonly vnets: readonly VnetPlan[];
  /** What is drifted or unknown and left alone. */
  readonly refusals: readonly Refusal[];
}

/** The changes for one vnet, in order; `inverse`, in order, leads from `after` back to `before`. */
export interface VnetPlan {
  readonly bridge: string;
  readonly domain: string;
  readonly vnet: string;
  readonly mac: string;
  readonly before: VlanTable;
  readonly after: VlanTable;
  readonly changes: readonly Change[];
  readonly inverse: readonly Change[];
}

/** Something that healing leaves alone, with the reason for people. */
export interface Refusal {
  readonly bridge: string;
  readonly domain: string | undefined;
  readonly vnet: string | undefined;
  readonly reason: string;
}

/** What became of one vnet's plan. `vanished`: the port was gone, no failure. `reverted`: failed, and put back as it was. */
export interface Outcome {
  readonly plan: VnetPlan;
  readonly result: 'verified' | 'failed' | 'reverted' | 'vanished';
  /** As read back; undefined where it could not be read or the port is gone. */
  readonly actual: VlanTable | undefined;
  /** Why it is not `verified`, for people. */
  readonly problem: string | undefined;
  /** From the cycle's wake-up to the read that verified, milliseconds. */
  readonly durationMs: number;
}

// ── What the journal knows of the hook, and what the remediator tells. ───────────────────────────────────────────────

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

/** /run/libvirt-vlan-remediator/status.json. Times in milliseconds since the epoch. */
export interface RemediatorStatus {
  readonly version: 1;
  readonly startedAt: number;
  readonly lastCycleAt: number;
  readonly dryRun: boolean;
  /** The pause file is there. */
  readonly paused: boolean;
  readonly policySha256: string;
  /** A policy that is held: its differences from the accepted one move more vnets than allowed. */
  readonly heldPolicySha256: string | undefined;
  readonly domains: readonly DomainRemediation[];
  /** vnets that a policy change would move and that wait for an operator's `heal`. */
  readonly held: readonly {
    readonly bridge: string;
    readonly domain: string;
    readonly vnet: string;
    readonly changes: readonly string[];
  }[];
  readonly refusals: readonly Refusal[];
  /** Drift seen → verified, seconds; `buckets` are cumulative, ending with +Inf as null. */
  readonly duration: {
    readonly buckets: readonly (readonly [number | null, number])[];
    readonly sum: number;
    readonly count: number;
  };
  /** The newest first, at most 50. */
  readonly recent: readonly Decision[];
}

export interface DomainRemediation {
  readonly bridge: string;
  readonly domain: string;
  /** Verified heals since the daemon started. */
  readonly remediations: number;
  readonly failures: number;
  readonly lastAt: number | undefined;
  readonly suspendedSince: number | undefined;
}

/** One decision of the remediator, as in its journal entry. */
export interface Decision {
  readonly at: number;
  readonly bridge: string;
  readonly domain: string;
  readonly vnet: string;
  /** `event`, `schedule`, `startup`, `reload`, `probe`. */
  readonly trigger: string;
  readonly outcome: Outcome['result'] | 'held' | 'suspended' | 'paused' | 'dry_run';
  /** Tables as `formatTable` writes them. */
  readonly before: string;
  readonly after: string;
  /** `bridge …` commands. */
  readonly commands: readonly string[];
  readonly problem: string | undefined;
  readonly durationMs: number | undefined;
}
