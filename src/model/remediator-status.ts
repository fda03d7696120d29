// What the remediator tells of itself in /run/libvirt-vlan-remediator/status.json.
// The schema is its one definition.
import * as v from 'valibot';
import { type Frozen, time } from './json-file.ts';
import type { RefusalReason } from './plan.ts';
import type { Reason } from './reasons.ts';
import type { VnetOutcome } from './vnet-event.ts';

/** Upper bounds of the duration's buckets, seconds; null is +Inf. */
export const DURATION_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, null] as const;

/** Why a vnet is suspended: its heals are verified and do not last, or they fail. */
export const SUSPENSION_CAUSES = ['undone', 'failing'] as const;
export type SuspensionCause = (typeof SUSPENSION_CAUSES)[number];

// A reason or an outcome of a newer version is shown as it stands.
const word = <T extends string>() => v.custom<T>((value) => typeof value === 'string', 'expected a string');

const domainRemediation = v.object({
  bridge: v.string(),
  domain: v.string(),
  /** Verified heals since the daemon started. */
  remediations: v.number(),
  failures: v.number(),
  lastAt: v.optional(time),
  suspendedSince: v.optional(time),
  /** Of a domain that is suspended; `failing` where that is so of one of its vnets. */
  suspendedBecause: v.optional(v.picklist(SUSPENSION_CAUSES)),
});

/** One decision of the remediator, as in its journal entry. */
const decision = v.object({
  at: time,
  bridge: v.string(),
  domain: v.string(),
  vnet: v.string(),
  /** `event`, `schedule`, `startup`, `reload`, `probe`. */
  trigger: v.string(),
  outcome: word<Exclude<VnetOutcome, 'compliant' | 'refused' | 'absent'>>(),
  before: v.string(),
  after: v.string(),
  /** Of the findings that are mended; missing where an older version wrote this. */
  reasons: v.optional(v.array(word<Reason>())),
  /** `bridge …` commands. */
  commands: v.array(v.string()),
  problem: v.optional(v.string()),
  durationMs: v.optional(v.number()),
});

const refusal = v.object({
  bridge: v.string(),
  domain: v.optional(v.string()),
  vnet: v.optional(v.string()),
  reason: word<RefusalReason>(),
  text: v.string(),
});

/** /run/libvirt-vlan-remediator/status.json. Times in milliseconds since the epoch. */
export const REMEDIATOR_STATUS = v.object({
  version: v.literal(1),
  startedAt: time,
  lastCycleAt: time,
  /** When the next cycle is due where nothing happens; missing where none is. */
  nextCycleAt: v.optional(time),
  dryRun: v.boolean(),
  /** The pause file is there. */
  paused: v.boolean(),
  policySha256: v.string(),
  /** A policy that is held: its differences from the accepted one move more vnets than allowed. */
  heldPolicySha256: v.optional(v.string()),
  /** Where something is held, for people: why, and what to do. Missing where an older version wrote this. */
  heldProblem: v.optional(v.string()),
  /** Whether some of what is held waits for an operator's `heal`, and not only for what cannot be read. Missing where an older version wrote this. */
  waitsForHeal: v.optional(v.boolean()),
  domains: v.array(domainRemediation),
  /** vnets that a policy change would move and that wait for an operator's `heal`. */
  held: v.array(v.object({ bridge: v.string(), domain: v.string(), vnet: v.string(), changes: v.array(v.string()) })),
  refusals: v.array(refusal),
  /** Drift seen → verified, seconds; `buckets` are cumulative, ending with +Inf as null. */
  duration: v.object({
    buckets: v.array(v.strictTuple([v.nullable(v.number()), v.number()])),
    sum: v.number(),
    count: v.number(),
  }),
  /** The newest first, at most 50. */
  recent: v.array(decision),
});

export type RemediatorStatus = Frozen<v.InferOutput<typeof REMEDIATOR_STATUS>>;
export type DomainRemediation = RemediatorStatus['domains'][number];
export type Decision = RemediatorStatus['recent'][number];

/** Whether something is held. A remediator of an older version does not say why, and may name the policy alone. */
export function isHolding({ held, heldProblem, heldPolicySha256 }: RemediatorStatus): boolean {
  return held.length > 0 || heldProblem !== undefined || heldPolicySha256 !== undefined;
}

/** The file's text. */
export function renderStatus(status: RemediatorStatus): string {
  return `${JSON.stringify(status)}\n`;
}

/** What a reader of the status file makes of it. `stale`: its last cycle is too old. */
export type RemediatorView =
  | { readonly kind: 'absent' }
  | { readonly kind: 'unreadable'; readonly problem: string }
  | { readonly kind: 'stale' | 'current'; readonly status: RemediatorStatus };
