// What the remediator tells of itself in /run/libvirt-vlan-remediator/status.json.
import type { Refusal } from './plan.ts';
import type { VnetEvent, VnetOutcome } from './vnet-event.ts';

/** Upper bounds of the duration's buckets, seconds; null is +Inf. */
export const DURATION_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, null] as const;

/** /run/libvirt-vlan-remediator/status.json. Times in milliseconds since the epoch. */
export interface RemediatorStatus {
  readonly version: 1;
  readonly startedAt: number;
  readonly lastCycleAt: number;
  /** When the next cycle is due where nothing happens; missing where none is. */
  readonly nextCycleAt?: number | undefined;
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

/** Why a vnet is suspended: its heals are verified and do not last, or they fail. */
export const SUSPENSION_CAUSES = ['undone', 'failing'] as const;
export type SuspensionCause = (typeof SUSPENSION_CAUSES)[number];

export interface DomainRemediation {
  readonly bridge: string;
  readonly domain: string;
  /** Verified heals since the daemon started. */
  readonly remediations: number;
  readonly failures: number;
  readonly lastAt: number | undefined;
  readonly suspendedSince: number | undefined;
  /** Of a domain that is suspended; `failing` where that is so of one of its vnets. */
  readonly suspendedBecause?: SuspensionCause | undefined;
}

/** One decision of the remediator, as in its journal entry. */
export interface Decision extends VnetEvent {
  readonly at: number;
  readonly bridge: string;
  readonly vnet: string;
  /** `event`, `schedule`, `startup`, `reload`, `probe`. */
  readonly trigger: string;
  readonly outcome: Exclude<VnetOutcome, 'compliant' | 'refused' | 'absent'>;
  readonly before: string;
  readonly after: string;
  /** `bridge …` commands. */
  readonly commands: readonly string[];
  readonly problem: string | undefined;
  readonly durationMs: number | undefined;
}

/** What a reader of the status file makes of it. `stale`: its last cycle is too old. */
export type RemediatorView =
  | { readonly kind: 'absent' }
  | { readonly kind: 'unreadable'; readonly problem: string }
  | { readonly kind: 'stale' | 'current'; readonly status: RemediatorStatus };
