// Which policy the remediator goes by. A new policy that would move more vnets than allowed is held: the last accepted one
// stays in force until an operator's `heal`, another edit, a higher limit, or until nothing is left to move, as when each VM was started
// anew. That some VMs stop, or that VLANs are wiped, is no agreement.
// So is what so many domains ask for anew, by <vlan> or metadata: then their vnets are left alone. Pure.

import type { VnetPlan } from '../model/plan.ts';
import type { Policy } from '../model/policy.ts';
import { isWhole, type Report } from '../model/report.ts';
import { accept, hasChanged, type Intents } from './intents.ts';
import { arrivals, interfacesAway, isDoubtful, movedPlan, unknownDomains, withoutArrivals } from './moves.ts';
import { isSettled } from './plan.ts';

/** The policy of the last run: `first` where there was none, `unknown` where the state file could not be read, and why. */
export type Accepted =
  | { readonly kind: 'first' }
  | { readonly kind: 'known'; readonly policy: Policy; readonly intents: Intents; readonly most?: Most | undefined }
  | { readonly kind: 'unknown'; readonly problem: string; readonly most?: Most | undefined };

/** The policy that is held since it would have moved more than allowed, and how many at most. */
export interface Most {
  readonly sha256: string;
  readonly count: number;
}

/** What to go by. `report` is undefined where nothing may be healed at all. */
export interface Hold {
  readonly accepted: Accepted;
  readonly report: Report | undefined;
  /** Where something is held: why. */
  readonly held: Held | undefined;
}

export interface Held {
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
  const intents = accepted.kind === 'known' ? accepted.intents : {};
  const taken: Accepted = { kind: 'known', policy, intents: accept(intents, wanted, (vnet) => !isDoubtful(vnet)) };
  const pass: Hold = { accepted: taken, report: wanted, held: undefined };
  if (accepted.kind === 'first') return pass;
  // What is not here now, and comes, is seen for the first time.
  if (agreed === policy.sha256) return { ...pass, accepted: { ...taken, intents: accept({}, wanted, () => true) } };
  const samePolicy = accepted.kind === 'known' && accepted.policy.sha256 === policy.sha256;
  const inForce = samePolicy ? wanted : accepted.kind === 'known' ? reportUnder(accepted.policy) : undefined;
  const vnets = wanted.bridges.flatMap((b) => b.vnets);
  const moved = vnets.flatMap((vnet) => movedPlan(vnet, inForce, hasChanged(intents, vnet)));
  const inDoubt = vnets.filter((vnet) => isDoubtful(vnet) && (!samePolicy || hasChanged(intents, vnet)));
  const doubtful = inDoubt.length + (samePolicy ? 0 : unknownDomains(wanted));
  const unread = !isWhole(wanted);
  if (moved.length + doubtful === 0 && samePolicy)
    return unread ? { ...pass, accepted: { ...taken, most: accepted.most } } : pass;
  const away = samePolicy ? 0 : interfacesAway(wanted);
  const remembered = accepted.most?.sha256 === policy.sha256 ? accepted.most.count : 0;
  const isOpen =
    unread || moved.length + away + doubtful > 0 || (!samePolicy && arrivals(inForce, wanted).length < remembered);
  const before = isOpen ? remembered : 0;
  if (!unread && Math.max(before, moved.length + away + doubtful) <= limit) return pass;
  // What is away or in doubt for a moment is not remembered.
  const most = Math.max(before, moved.length);
  const still = accepted.kind === 'known' ? stillAccepted(accepted, inForce ?? wanted, samePolicy) : accepted;
  return {
    accepted: { ...still, most: most > limit ? { sha256: policy.sha256, count: most } : undefined },
    report: inForce && leaveAlone(withoutArrivals(inForce, wanted), intents),
    held: { moved, away, doubtful, unread, before },
  };
}

/** While something is held: vnets that are seen for the first time are taken, and those whose VM got what it asks for by itself. */
function stillAccepted(
  { policy, intents }: Extract<Accepted, { kind: 'known' }>,
  report: Report,
  samePolicy: boolean,
): Extract<Accepted, { kind: 'known' }> {
  return { kind: 'known', policy, intents: accept(intents, report, (vnet) => samePolicy && isSettled(vnet)) };
}

/** The report without the vnets of which another table was accepted: libvirt may have set the new one, so neither is healed. */
function leaveAlone(report: Report, intents: Intents): Report {
  const bridges = report.bridges.map((b) => ({ ...b, vnets: b.vnets.filter((vnet) => !hasChanged(intents, vnet)) }));
  return { ...report, bridges };
}
