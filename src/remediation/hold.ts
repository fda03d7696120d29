// Which policy the remediator goes by, and what of it. Two things may move many vnets at once, and each is held where it would move more
// than allowed:
// - what domains ask for anew, by <vlan> or metadata: then their vnets are left alone;
// - an edit of the policy: then the last accepted one stays in force, until an operator's `heal`, another edit, a higher limit, or until
//   nothing is left to move, as when each VM was started anew.
// What is held of the one does not count for the other. That some VMs stop, or that VLANs are wiped, is no agreement. Pure.

import type { VnetPlan } from '../model/plan.ts';
import type { Policy } from '../model/policy.ts';
import { isWhole, type Report, type VnetReport } from '../model/report.ts';
import { accept, hasChanged, type Intents } from './intents.ts';
import {
  arrivals,
  interfacesAway,
  isDoubtful,
  isSameUnder,
  planOf,
  unknownDomains,
  vnetOf,
  withoutArrivals,
} from './moves.ts';
import { isSettled } from './plan.ts';

/** The policy of the last run: `first` where there was none, `unknown` where the state file could not be read, and why. */
export type Accepted =
  | { readonly kind: 'first' }
  | Known
  | { readonly kind: 'unknown'; readonly problem: string; readonly most?: Most | undefined };

interface Known {
  readonly kind: 'known';
  readonly policy: Policy;
  readonly intents: Intents;
  readonly most?: Most | undefined;
  /** How many vnets what domains ask for would have moved at most, while that is held. */
  readonly mostAsked?: number | undefined;
}

/** The policy that is held since it would have moved more than allowed, and how many at most. */
export interface Most {
  readonly sha256: string;
  readonly count: number;
}

/** What to go by. `report` is undefined where nothing may be healed at all. */
export interface Hold {
  readonly accepted: Accepted;
  readonly report: Report | undefined;
  /** What is held, and why. */
  readonly held: readonly Held[];
}

export interface Held {
  /** `unknown`: what was accepted last cannot be read, and why. */
  readonly cause: { readonly kind: 'asked' | 'edit' } | { readonly kind: 'unknown'; readonly problem: string };
  /** What waits for an operator's `heal`. */
  readonly moved: readonly VnetPlan[];
  /** Interfaces that are off their bridge for now, as ifreload leaves them: they would be moved when they return. */
  readonly away: number;
  /** vnets and domains that cannot be judged now: they might move when they can. */
  readonly doubtful: number;
  /** Whole parts of the host could not be read. */
  readonly unread: boolean;
  /** How many vnets it would have moved before, at most. */
  readonly before: number;
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
  // What is not here now, and comes, is seen for the first time.
  const all = accept({}, wanted, () => true);
  const taken: Hold = { accepted: knownOf(policy, all), report: wanted, held: [] };
  if (accepted.kind === 'first' || agreed === policy.sha256) return taken;
  if (accepted.kind === 'unknown') {
    const held = heldEdit(accepted, policy, undefined, vnetsOf(wanted), wanted, limit);
    if (!held) return taken;
    return { accepted: { ...accepted, most: mostOf(held, policy, limit) }, report: undefined, held: [held] };
  }
  if (accepted.policy.sha256 === policy.sha256) return holdAsked(accepted, wanted, limit);
  return holdEdit(accepted, policy, reportUnder(accepted.policy), wanted, limit);
}

/** The policy is as it was: whether domains ask for so much that it is held. */
function holdAsked(accepted: Known, report: Report, limit: number): Hold & { accepted: Known; report: Report } {
  const { policy, intents, mostAsked = 0 } = accepted;
  const changed = vnetsOf(report).filter((vnet) => hasChanged(intents, vnet));
  const moved = changed.flatMap(planOf);
  const doubtful = changed.filter(isDoubtful).length;
  const unread = !isWhole(report);
  const now = moved.length + doubtful;
  if (now === 0 || (!unread && Math.max(mostAsked, now) <= limit)) {
    const all = accept(intents, report, (vnet) => !isDoubtful(vnet));
    return { accepted: knownOf(policy, all, unread ? mostAsked : undefined), report, held: [] };
  }
  const held: Held = { cause: { kind: 'asked' }, moved, away: 0, doubtful, unread, before: mostAsked };
  return {
    accepted: knownOf(policy, accept(intents, report, isSettled), mostOf(held, policy, limit)?.count),
    // libvirt may have set the new table, so they are put back to neither.
    report: withVnets(report, (vnet) => !hasChanged(intents, vnet)),
    held: [held],
  };
}

/** Another policy: what domains ask for is judged by the one in force, and what the edit would move, by the rest. */
function holdEdit(accepted: Known, policy: Policy, inForce: Report, wanted: Report, limit: number): Hold {
  const asked = holdAsked(accepted, inForce, limit);
  const isAside = (vnet: VnetReport) => {
    const now = vnetOf(inForce, vnet);
    return asked.held.length > 0 && now !== undefined && hasChanged(asked.accepted.intents, now);
  };
  const counted = vnetsOf(wanted).filter((vnet) => !isAside(vnet));
  const held = heldEdit(accepted, policy, inForce, counted, wanted, limit);
  if (held) {
    return {
      accepted: { ...asked.accepted, most: mostOf(held, policy, limit) },
      report: withoutArrivals(asked.report, wanted),
      held: [...asked.held, held],
    };
  }
  const intents = accept(asked.accepted.intents, wanted, (vnet) => !isDoubtful(vnet) && !isAside(vnet));
  return {
    accepted: knownOf(policy, intents, asked.accepted.mostAsked),
    report: withVnets(wanted, (vnet) => !isAside(vnet)),
    held: asked.held,
  };
}

/** What an edit would make of these vnets, where it is held for it. */
function heldEdit(
  accepted: Exclude<Accepted, { kind: 'first' }>,
  policy: Policy,
  inForce: Report | undefined,
  vnets: readonly VnetReport[],
  wanted: Report,
  limit: number,
): Held | undefined {
  const moved = vnets.filter((vnet) => !isSameUnder(inForce, vnet)).flatMap(planOf);
  const away = interfacesAway(wanted);
  const doubtful = vnets.filter(isDoubtful).length + unknownDomains(wanted);
  const unread = !isWhole(wanted);
  const now = moved.length + away + doubtful;
  const remembered = accepted.most?.sha256 === policy.sha256 ? accepted.most.count : 0;
  const isOpen = unread || now > 0 || arrivals(inForce, wanted).length < remembered;
  const before = isOpen ? remembered : 0;
  if (!unread && Math.max(before, now) <= limit) return undefined;
  const cause: Held['cause'] = accepted.kind === 'known' ? { kind: 'edit' } : accepted;
  return { cause, moved, away, doubtful, unread, before };
}

/** What is away or in doubt for a moment is not remembered. */
function mostOf({ before, moved }: Held, { sha256 }: Policy, limit: number): Most | undefined {
  const count = Math.max(before, moved.length);
  return count > limit ? { sha256, count } : undefined;
}

function knownOf(policy: Policy, intents: Intents, mostAsked?: number): Known {
  return { kind: 'known', policy, intents, mostAsked: mostAsked || undefined };
}

function vnetsOf(report: Report): readonly VnetReport[] {
  return report.bridges.flatMap((bridge) => bridge.vnets);
}

function withVnets(report: Report, fits: (vnet: VnetReport) => boolean): Report {
  return { ...report, bridges: report.bridges.map((b) => ({ ...b, vnets: b.vnets.filter(fits) })) };
}
