// What the remediator does about one snapshot: which vnets are healed now, which are left alone and why, and when to look again.
// Pure: the clock, the policies and what is remembered are handed in.
import type { Refusal, VnetPlan } from '../model/plan.ts';
import type { Policy } from '../model/policy.ts';
import type { Decision, SuspensionCause } from '../model/remediator-status.ts';
import { type BridgeReport, isWhole, type Report } from '../model/report.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { evaluate } from '../policy/evaluate.ts';
import type { Accepted } from './accepted.ts';
import {
  afterSuspension,
  earliest,
  type GuardState,
  type Limits,
  nextForgetting,
  observe,
  type Permit,
  permit,
  type SeenVnet,
} from './guard.ts';
import { type Held, holdPolicy } from './hold.ts';
import { forgetGone, stillThere } from './intents.ts';
import { plan, untouchableOn } from './plan.ts';
import { type PortStates, portStates, settlesAt } from './settling.ts';

export interface Question {
  readonly snapshot: Snapshot;
  readonly policy: Policy;
  readonly accepted: Accepted;
  readonly guard: GuardState;
  readonly limits: Limits & { readonly maxVnetsPerPolicyChange: number };
  readonly now: number;
  readonly paused: boolean;
  readonly dryRun: boolean;
  /** The sha256 of the policy that an operator accepted. */
  readonly agreed?: string | undefined;
  /** As of the last answer. */
  readonly ports: PortStates;
}

export interface Answer {
  readonly accepted: Accepted;
  readonly guard: GuardState;
  readonly ports: PortStates;
  readonly heal: readonly HealNow[];
  readonly rest: readonly Resting[];
  /** vnets that a held policy would move. */
  readonly held: readonly VnetPlan[];
  /** Where something is held, for people: why, and what to do. */
  readonly heldProblem: string | undefined;
  /** Whether some of it waits for an operator's heal, and not only for what cannot be read. */
  readonly waitsForHeal: boolean;
  readonly policyHeld: boolean;
  readonly refusals: readonly Refusal[];
  /** vnets of the policy in force by bridge and domain; undefined where nothing can be told. */
  readonly report: Report | undefined;
  /** When to look again though nothing happens; undefined: never. */
  readonly wakeAt: number | undefined;
}

export interface HealNow {
  readonly plan: VnetPlan;
  readonly probe: boolean;
}

/** A drifted vnet that is not healed now. `waits`: its backoff runs. */
export interface Resting {
  readonly plan: VnetPlan;
  readonly outcome: Extract<Decision['outcome'], 'held' | 'suspended' | 'paused' | 'dry_run'> | 'waits';
  readonly problem: string;
  /** Of one that is suspended. */
  readonly cause?: SuspensionCause;
}

export function decide(question: Question): Answer {
  const { now, limits } = question;
  const hold = holdPolicy(
    question.policy,
    remembered(question.accepted, question.snapshot),
    (policy) => evaluate(question.snapshot, policy),
    limits.maxVnetsPerPolicyChange,
    question.agreed,
  );
  const { vnets: drifted, refusals } = hold.report ? plan(hold.report) : { vnets: [], refusals: [] };
  const seen = hold.seen && isWhole(hold.seen) ? hold.seen.bridges.flatMap(seenOn) : undefined;
  let guard = observe(question.guard, seen, now, limits, stoppedIn(question.snapshot));
  const heal: HealNow[] = [];
  const held = hold.held.map((part) => ({ ...part, problem: heldProblem(part, limits.maxVnetsPerPolicyChange) }));
  const rest: Resting[] = held.flatMap(({ moved, problem }) =>
    moved.map((p) => ({ plan: p, outcome: 'held' as const, problem })),
  );
  // Where the host could not be seen, nothing is forgotten: that time may be past, and would be due again and again.
  const wakeUps = seen ? [nextForgetting(guard, limits)] : [];
  const ports = portStates(hold.seen, question.ports, now);
  for (const vnet of drifted) {
    const stop = stopped(question, vnet);
    const allowed = permit(guard, vnet, now, limits);
    const settles = settlesAt(vnet, ports);
    if (settles > now) {
      wakeUps.push(settles);
      rest.push(resting(vnet, { kind: 'wait', until: settles }, limits));
    } else if (stop) rest.push(stop);
    else if (allowed.kind === 'wait' || allowed.kind === 'suspended') {
      wakeUps.push(allowed.until);
      if (allowed.kind === 'suspended') guard = afterSuspension(guard, vnet, allowed.since);
      rest.push(resting(vnet, allowed, limits));
    } else heal.push({ plan: vnet, probe: allowed.kind === 'probe' });
  }
  return {
    accepted: hold.accepted,
    guard,
    ports,
    heal,
    rest,
    held: held.flatMap(({ moved }) => moved),
    heldProblem: held.map(({ problem }) => problem).join('; ') || undefined,
    waitsForHeal: held.some((part) => !waitsToBeRead(part, limits.maxVnetsPerPolicyChange)),
    policyHeld: held.some(({ cause }) => cause.kind !== 'asked'),
    refusals,
    report: hold.report,
    wakeAt: earliest(wakeUps),
  };
}

function seenOn(bridge: BridgeReport): readonly SeenVnet[] {
  return bridge.vlanFiltering
    ? bridge.vnets
    : bridge.vnets.map((vnet) => ({ ...vnet, untouchable: untouchableOn(bridge, vnet) }));
}

function stoppedIn({ domains }: Snapshot): ReadonlySet<string> {
  const stopped = domains.ok ? domains.value.filter(({ state }) => state === 'defined') : [];
  return new Set(stopped.map(({ name }) => name));
}

// Domains that are stopped are known; of those that are gone nothing is kept. A host without any tells nothing: libvirt's folders may be away.
function remembered(accepted: Accepted, { domains }: Snapshot): Accepted {
  if (accepted.kind !== 'known' || !domains.ok || domains.value.length === 0) return accepted;
  const { intents, most, waiting } = accepted;
  const there = (keys: readonly string[] | undefined) => keys && stillThere(keys, domains.value);
  return {
    ...accepted,
    intents: forgetGone(intents, domains.value),
    waiting: there(waiting),
    most: most && { ...most, keys: there(most.keys) },
  };
}

/** What holds every vnet. */
function stopped({ paused, dryRun }: Question, plan: VnetPlan): Resting | undefined {
  if (paused) return { plan, outcome: 'paused', problem: 'the pause file holds everything' };
  return dryRun ? { plan, outcome: 'dry_run', problem: 'a dry run changes nothing' } : undefined;
}

const SUSPENDED: Readonly<Record<SuspensionCause, string>> = {
  undone: 'somebody undoes each heal',
  failing: 'the heals fail',
};

function resting(plan: VnetPlan, allowed: Extract<Permit, { until: number }>, limits: Limits): Resting {
  const at = new Date(allowed.until).toISOString();
  if (allowed.kind === 'wait') return { plan, outcome: 'waits', problem: `the next attempt is due at ${at}` };
  const problem =
    `${SUSPENDED[allowed.cause]}: ${limits.maxHeals} in ${limits.windowMs / 1000} s; ` +
    `one probe each ${limits.cooldownMs / 1000} s, the next at ${at}`;
  return { plan, outcome: 'suspended', problem, cause: allowed.cause };
}

/** It is no more than allowed as far as can be told, and not all can be. */
function waitsToBeRead({ moved, away, doubtful, unread, before }: Held, limit: number): boolean {
  return (unread || doubtful > 0) && Math.max(before, moved.length + away) <= limit;
}

function heldProblem(held: Held, limit: number): string {
  const { cause, moved, away, doubtful, before } = held;
  const why =
    cause.kind === 'unknown'
      ? `the last accepted policy is unknown (${cause.problem})`
      : cause.kind === 'asked'
        ? 'what domains ask for changed'
        : 'the policy changed';
  if (waitsToBeRead(held, limit))
    return `${why}, and what it would move cannot be told, for not all could be read: it waits until it can`;
  const absent =
    (away === 0 ? '' : ` and ${away} interfaces that are off their bridge`) +
    (doubtful === 0 ? '' : ` and ${doubtful} that cannot be judged now`);
  const now = moved.length + away + doubtful;
  const more = now < before ? `, and it was ${before} before, ` : ', ';
  return (
    `${why}, and it would move ${moved.length} vnets${absent}${more}more than max_vnets_per_policy_change ${limit}: ` +
    `to accept it, run \`libvirt-vlan-exporter heal\``
  );
}
