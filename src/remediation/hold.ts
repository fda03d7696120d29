// Which policy the remediator goes by, and what of it. Two things may move many vnets at once, and each is held where it would move more
// than allowed:
// - what domains ask for anew, by <vlan> or metadata: then their vnets are left alone;
// - an edit of the policy: then the last accepted one stays in force, until an operator's `heal`, another edit, a higher limit, or until
//   nothing is left to move, as when each VM was started anew.
// What is held of the one does not count for the other. That some VMs stop, or that VLANs are wiped, is no agreement. Pure.
import type { Policy } from '../model/policy.ts';
import { isWhole, type Report, vnetsOf } from '../model/report.ts';
import { type Accepted, type Known, knownOf } from './accepted.ts';
import { mostFor, mostOf, type Weight, weighEdit } from './hold-edit.ts';
import { accept, bridgeOf, hasChanged, intentsOf, keep, keyOf } from './intents.ts';
import { isDoubtful, isSameUnder, withoutArrivals, withVnets } from './moves.ts';
import { isSettled, planOf } from './plan.ts';

/** What to go by. `report` is undefined where nothing may be healed at all. */
export interface Hold {
  readonly accepted: Accepted;
  readonly report: Report | undefined;
  /** The same with the vnets that are held: what the guard remembers of them stays. */
  readonly seen: Report | undefined;
  /** What is held, and why. */
  readonly held: readonly Held[];
}

interface Asked extends Hold {
  readonly accepted: Known;
  readonly report: Report;
  readonly seen: Report;
}

export interface Held extends Weight {
  /** `unknown`: what was accepted last cannot be read, and why. */
  readonly cause: { readonly kind: 'asked' | 'edit' } | { readonly kind: 'unknown'; readonly problem: string };
}

/** `reportUnder(policy)` is the present snapshot's report under that policy; `agreed`: the sha256 of the policy that an operator accepted. */
export function holdPolicy(
  policy: Policy,
  accepted: Accepted,
  reportUnder: (policy: Policy) => Report,
  limit: number,
  agreed?: string,
): Hold {
  const wanted = reportUnder(policy);
  // Where the host cannot be read, it cannot be told to what the operator agreed.
  if (accepted.kind === 'first' || (agreed === policy.sha256 && isWhole(wanted))) return takeAll(policy, wanted);
  if (accepted.kind === 'unknown') {
    const edit = { most: mostFor(policy, accepted.most), wanted, inForce: undefined, report: undefined };
    const held = weighEdit(edit, vnetsOf(wanted), limit);
    if (!held) return takeAll(policy, wanted);
    const most = mostOf(held, policy, edit.most, limit);
    return {
      accepted: { ...accepted, most },
      report: undefined,
      seen: undefined,
      held: [{ ...held, cause: accepted }],
    };
  }
  if (accepted.policy.sha256 === policy.sha256) return holdAsked(accepted, wanted, limit);
  return holdEdit(accepted, policy, reportUnder(accepted.policy), wanted, limit);
}

/**
 * All is accepted. What is not here now, and comes, is seen for the first time. Of a vnet that is undecided, what it has without the
 * source that is not understood: a change of that is one still.
 */
function takeAll(policy: Policy, wanted: Report): Hold {
  return { accepted: knownOf(policy, intentsOf(vnetsOf(wanted))), report: wanted, seen: wanted, held: [] };
}

/** The policy is as it was: whether domains ask for so much that it is held. */
function holdAsked(accepted: Known, report: Report, limit: number): Asked {
  const { policy, intents } = accepted;
  const changed = vnetsOf(report).filter((vnet) => hasChanged(intents, vnet));
  const open = changed.filter((vnet) => isDoubtful(vnet) || planOf(vnet).length > 0);
  const waiting = [...stillWaiting(accepted, report), ...open.map(keyOf)];
  const unread = !isWhole(report);
  if (open.length === 0 || (!unread && waiting.length <= limit)) {
    const all = accept(intents, report, (vnet) => !isDoubtful(vnet));
    return { accepted: knownOf(policy, all, open.length === 0 ? waiting : []), report, seen: report, held: [] };
  }
  const moved = open.flatMap(planOf);
  const doubtful = open.filter(isDoubtful).length;
  return {
    accepted: knownOf(policy, accept(intents, report, isSettled), waiting),
    // libvirt may have set the new table, so they are put back to neither.
    report: withVnets(report, (vnet) => !hasChanged(intents, vnet)),
    seen: report,
    held: [{ cause: { kind: 'asked' }, moved, away: 0, doubtful, unread, before: waiting.length }],
  };
}

/** Of those that waited: what is out of sight, or asks for two things at once. */
function stillWaiting({ waiting = [] }: Known, report: Report): readonly string[] {
  const decided = vnetsOf(report).filter((vnet) => !vnet.expected.undecided);
  const inSight = new Set(decided.map(keyOf));
  return waiting.filter((key) => !inSight.has(key));
}

/**
 * Another policy. What domains ask for is judged by the one in force. Where that is held, it counts for the edit only if the edit makes a
 * third thing of it.
 */
function holdEdit(accepted: Known, policy: Policy, inForce: Report, wanted: Report, limit: number): Hold {
  const asked = holdAsked(accepted, inForce, limit);
  const { intents, waiting = [] } = asked.accepted;
  const vnets = vnetsOf(wanted);
  const changed = vnetsOf(inForce).filter((vnet) => hasChanged(intents, vnet));
  const heldKeys = new Set(asked.held.length > 0 ? changed.map(keyOf) : []);
  const [ofAsk, others] = partition(vnets, (vnet) => heldKeys.has(keyOf(vnet)));
  const [same, otherwise] = partition(ofAsk, (vnet) => isDoubtful(vnet) || isSameUnder(inForce, vnet));
  const third = otherwise.filter((vnet) => hasChanged(intents, vnet));
  const edit = { most: mostFor(policy, accepted.most), inForce, report: asked.report, wanted };
  const held = weighEdit(edit, [...others, ...third], limit);
  if (held) {
    const thirds = new Set(third.map(keyOf));
    const first = asked.held.map((part) => ({ ...part, moved: part.moved.filter((plan) => !thirds.has(keyOf(plan))) }));
    return {
      accepted: { ...asked.accepted, most: mostOf(held, policy, edit.most, limit) },
      report: withoutArrivals(asked.report, wanted),
      seen: inForce,
      held: [...first, { ...held, cause: { kind: 'edit' } }],
    };
  }
  // What is not here now, and does not wait, is seen for the first time when it comes.
  const known = keep(intents, new Set([...vnets.map(keyOf), ...waiting]));
  const waits = new Set(same);
  const taken = accept(known, wanted, (vnet) => !isDoubtful(vnet) && !waits.has(vnet));
  const bridges = new Set(policy.bridges.map(({ name }) => name));
  const judged = waiting.filter((key) => bridges.has(bridgeOf(key)));
  return holdAsked(knownOf(policy, taken, judged), wanted, limit);
}

function partition<T>(all: readonly T[], is: (item: T) => boolean): readonly [readonly T[], readonly T[]] {
  return [all.filter(is), all.filter((item) => !is(item))];
}
