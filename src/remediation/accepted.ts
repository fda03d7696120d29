// What was accepted, and is remembered from cycle to cycle and over a restart: the policy, and what it made of each vnet. Pure.
import type { Policy } from '../model/policy.ts';
import type { Intents } from './intents.ts';

/** The policy of the last run: `first` where there was none, `unknown` where the state file could not be read, and why. */
export type Accepted =
  | { readonly kind: 'first' }
  | Known
  | { readonly kind: 'unknown'; readonly problem: string; readonly most?: Most | undefined };

export interface Known {
  readonly kind: 'known';
  readonly policy: Policy;
  readonly intents: Intents;
  readonly most?: Most | undefined;
  /** The vnets for which domains ask something that is held, by the keys of `intents`, in sight or not. */
  readonly waiting?: readonly string[] | undefined;
}

/** The policy that is held since it would have moved more than allowed, how many at most, and which ones, by the keys of `intents`. */
export interface Most {
  readonly sha256: string;
  readonly count: number;
  readonly keys?: readonly string[] | undefined;
}

export function knownOf(policy: Policy, intents: Intents, waiting: readonly string[] = []): Known {
  return { kind: 'known', policy, intents, waiting };
}
