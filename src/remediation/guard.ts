// When a vnet may be healed. Pure: state in, state out, the clock handed in. Per vnet: the first heal at once, then 1, 2, 4, 8 …
// seconds after the last one; more than `maxHeals` in `windowMs` suspends it (somebody is fighting, or the heals fail), with one
// probe each `cooldownMs`; all is forgotten only after it stayed compliant for `cooldownMs` after the last heal. No pause is so long that
// `maxHeals` would not fit into half of `windowMs`: who is fought at once is suspended. Where that would be more than one a second, they
// go on doubling.
import type { SuspensionCause } from '../model/remediator-status.ts';
import type { VnetReport } from '../model/report.ts';
import { isSettled, type Settled } from './plan.ts';

export interface Limits {
  readonly maxHeals: number;
  readonly windowMs: number;
  readonly cooldownMs: number;
}

/** What is remembered of one vnet that was healed. Plain JSON. Times in milliseconds since the epoch. */
export interface VnetGuard {
  readonly bridge: string;
  readonly domain: string;
  /** The last attempts, verified or not, oldest first, at most `maxHeals`. */
  readonly heals: readonly number[];
  /** Those of them that failed. */
  readonly failed: readonly number[];
  /** Attempts since all was forgotten last. */
  readonly streak: number;
  /** Since when every look found nothing to heal, or nothing that may be. */
  readonly compliantSince?: number;
  readonly suspendedSince?: number;
}

/** By `guardKey`. */
export type GuardState = Readonly<Record<string, VnetGuard>>;

/** Whether a drifted vnet may be healed now. `until`: when to ask again. */
export type Permit =
  | { readonly kind: 'heal' | 'probe' }
  | { readonly kind: 'wait'; readonly until: number }
  | { readonly kind: 'suspended'; readonly since: number; readonly until: number; readonly cause: SuspensionCause };

type GuardedVnet = Pick<VnetReport, 'bridge' | 'domain' | 'mac' | 'vnet'>;

const FIRST_BACKOFF_MS = 1000;

/** A vnet's name in the state: two interfaces of one VM may have one MAC. A VM that starts again has a new tap, also where its name is the same. */
export function guardKey({ bridge, domain, mac, vnet }: GuardedVnet): string {
  return `${bridge}/${domain}/${mac}/${vnet}`;
}

/** Asks for a drifted vnet, in a state as `observe` left it: nothing in it is later than now. */
export function permit(state: GuardState, vnet: GuardedVnet, now: number, limits: Limits): Permit {
  const entry = state[guardKey(vnet)];
  if (!entry) return { kind: 'heal' };
  if (entry.suspendedSince !== undefined) {
    const until = Math.max(entry.suspendedSince, lastOf(entry)) + limits.cooldownMs;
    if (now >= until) return { kind: 'probe' };
    return { kind: 'suspended', since: entry.suspendedSince, until, cause: causeOf(entry) };
  }
  if (entry.heals.filter((at) => at > now - limits.windowMs).length >= limits.maxHeals)
    return { kind: 'suspended', since: now, until: now + limits.cooldownMs, cause: causeOf(entry) };
  const until = lastOf(entry) + backoff(entry.streak, limits);
  return now >= until ? { kind: 'heal' } : { kind: 'wait', until };
}

/** Remembers attempts, one of each vnet, and whether each failed. */
export function afterHeals(
  state: GuardState,
  attempts: readonly { readonly vnet: GuardedVnet; readonly failed: boolean }[],
  now: number,
  limits: Limits,
): GuardState {
  const tried = attempts.map(({ vnet, failed }): [string, VnetGuard] => {
    const { bridge, domain } = vnet;
    const fresh: VnetGuard = { bridge, domain, heals: [], failed: [], streak: 0 };
    const { compliantSince: _, ...entry } = state[guardKey(vnet)] ?? fresh;
    const heals = [...entry.heals, now].slice(-limits.maxHeals);
    const failures = [...entry.failed, ...(failed ? [now] : [])].filter((at) => heals.includes(at));
    return [guardKey(vnet), { ...entry, heals, failed: failures, streak: entry.streak + 1 }];
  });
  return { ...state, ...Object.fromEntries(tried) };
}

/** Why it is suspended: most of its last attempts failed, or they were verified and did not last. */
export function causeOf({ heals, failed }: VnetGuard): SuspensionCause {
  return 2 * failed.length > heals.length ? 'failing' : 'undone';
}

/** Remembers a suspension. */
export function afterSuspension(state: GuardState, vnet: GuardedVnet, since: number): GuardState {
  const entry = state[guardKey(vnet)];
  return entry ? { ...state, [guardKey(vnet)]: { ...entry, suspendedSince: since } } : state;
}

/** `untouchable`: where nobody changes it, whatever its table; so nobody fights over it, either. */
export type SeenVnet = GuardedVnet & Settled & { readonly untouchable: unknown };

/**
 * The state after a look at all vnets: compliant and untouchable ones are noted and, after the cooldown, forgotten; so are those that are
 * gone, at once where their domain is `stopped`: its next start has other taps, whatever their names. `undefined` where the look
 * failed: nothing is learnt. A clock that was set back never makes anybody wait longer.
 */
export function observe(
  state: GuardState,
  vnets: readonly SeenVnet[] | undefined,
  now: number,
  limits: Limits,
  stopped: ReadonlySet<string> = new Set(),
): GuardState {
  const seen = new Map(vnets?.map((vnet) => [guardKey(vnet), vnet]));
  const kept = Object.entries(state).flatMap(([key, stored]): [string, VnetGuard][] => {
    const entry = notAfter(stored, now);
    const vnet = seen.get(key);
    if (!vnets) return [[key, entry]];
    if (!vnet) return !stopped.has(entry.domain) && now - lastOf(entry) < limits.cooldownMs ? [[key, entry]] : [];
    const { compliantSince, ...rest } = entry;
    if (!isSettled(vnet) && vnet.untouchable === undefined) return [[key, rest]];
    const since = Math.max(compliantSince ?? now, lastOf(entry));
    return now - since < limits.cooldownMs ? [[key, { ...rest, compliantSince: since }]] : [];
  });
  return Object.fromEntries(kept);
}

/** When `observe` will next forget something if all stays as it is; undefined: never. */
export function nextForgetting(state: GuardState, limits: Limits): number | undefined {
  const since = earliest(Object.values(state).map((entry) => entry.compliantSince));
  return since === undefined ? undefined : since + limits.cooldownMs;
}

/** undefined where none of them is known. */
export function earliest(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((at) => at !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

function backoff(streak: number, { maxHeals, windowMs, cooldownMs }: Limits): number {
  const share = windowMs / (2 * maxHeals);
  return Math.min(FIRST_BACKOFF_MS * 2 ** (streak - 1), share < FIRST_BACKOFF_MS ? cooldownMs : share, cooldownMs);
}

function lastOf(entry: VnetGuard): number {
  return entry.heals.at(-1) ?? 0;
}

/** The entry by a clock that was set back: all its times as far back as the latest of them is ahead, so that what lay between them stays. */
function notAfter(entry: VnetGuard, now: number): VnetGuard {
  const { heals, failed, suspendedSince, compliantSince } = entry;
  const ahead = Math.max(lastOf(entry), suspendedSince ?? 0, compliantSince ?? 0) - now;
  if (ahead <= 0) return entry;
  const back = (at: number) => at - ahead;
  return {
    ...entry,
    heals: heals.map(back),
    failed: failed.map(back),
    ...(suspendedSince === undefined ? {} : { suspendedSince: back(suspendedSince) }),
    ...(compliantSince === undefined ? {} : { compliantSince: back(compliantSince) }),
  };
}
