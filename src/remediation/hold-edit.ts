// Whether an edit of the policy would move more vnets than allowed, now or at any time since it was seen. Pure.
import type { VnetPlan } from '../model/plan.ts';
import type { Policy } from '../model/policy.ts';
import { isWhole, type Report, type VnetReport } from '../model/report.ts';
import type { Most } from './accepted.ts';
import { keyOf } from './intents.ts';
import { arrivals, interfacesAway, isDoubtful, isSameUnder, unknownDomains } from './moves.ts';
import { planOf } from './plan.ts';

/** What a change would move. */
export interface Weight {
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

export interface Edit {
  /** Of this edit. */
  readonly most: Most | undefined;
  readonly wanted: Report;
  /** Under the policy in force, where it is known. */
  readonly inForce: Report | undefined;
  /** That without the vnets which are held for what domains ask for. */
  readonly report: Report | undefined;
}

/** What an edit would move of these vnets, where that is more than allowed; undefined where it may be taken. */
export function weighEdit(
  { most, wanted, inForce, report }: Edit,
  vnets: readonly VnetReport[],
  limit: number,
): Weight | undefined {
  const moved = vnets.filter((vnet) => !isSameUnder(inForce, vnet)).flatMap(planOf);
  const away = interfacesAway(wanted);
  const doubtful = vnets.filter(isDoubtful).length + unknownDomains(wanted);
  const unread = !isWhole(wanted);
  const now = moved.length + away + doubtful;
  const isOpen = unread || now > 0 || (most !== undefined && !haveCome(most, arrivals(report, wanted)));
  const before = isOpen ? (most?.count ?? 0) : 0;
  if (!unread && Math.max(before, now) <= limit) return undefined;
  return { moved, away, doubtful, unread, before };
}

// What an older version remembered has no keys.
function haveCome({ count, keys }: Most, arrived: readonly VnetReport[]): boolean {
  if (!keys) return arrived.length >= count;
  const come = new Set(arrived.map(keyOf));
  return keys.every((key) => come.has(key));
}

/** What is remembered of this edit. */
export function mostFor({ sha256 }: Policy, most: Most | undefined): Most | undefined {
  return most?.sha256 === sha256 ? most : undefined;
}

/** What is to be remembered of an edit that is held: not what is away or in doubt for a moment. */
export function mostOf(
  { before, moved }: Weight,
  { sha256 }: Policy,
  earlier: Most | undefined,
  limit: number,
): Most | undefined {
  const count = Math.max(before, moved.length);
  if (count <= limit) return undefined;
  // The names of those that are left now, alone, would soon have come.
  if (earlier && !earlier.keys) return { sha256, count };
  return { sha256, count, keys: [...new Set([...(earlier?.keys ?? []), ...moved.map(keyOf)])] };
}
