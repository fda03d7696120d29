// Plan and Outcome: what would make a report compliant, and what became of it.
import type { Expectation } from './policy.ts';
import type { Reason } from './reasons.ts';
import type { FdbNeed } from './report.ts';
import type { VidRange, VlanTable } from './vlan.ts';
import type { VnetOutcome } from './vnet-event.ts';

/** One `bridge` command. */
export type Change = VlanChange | FdbChange;

/** One `bridge fdb` command, of a static entry for the guest's MAC. */
export interface FdbChange {
  readonly action: 'fdb add' | 'fdb delete';
  readonly port: string;
  readonly mac: string;
  readonly vid: number;
}

/** One `bridge vlan` command. `add` replaces the flags of an existing row, as the kernel does. */
export interface VlanChange extends VidRange {
  readonly action: 'add' | 'delete';
  readonly port: string;
  /** Of `add`. */
  readonly pvid: boolean;
  /** Of `add`. */
  readonly untagged: boolean;
}

/** Whether it is a change of VLANs, and not of the FDB. */
export function isVlanChange(change: Change): change is VlanChange {
  return !('mac' in change);
}

export interface Plan {
  /** In report order. Only vnets that need a change. */
  readonly vnets: readonly VnetPlan[];
  /** What is drifted or unknown and left alone. */
  readonly refusals: readonly Refusal[];
}

/** The changes for one vnet, in order. `inverseOf` leads from `after` back to `before`. */
export interface VnetPlan {
  readonly bridge: string;
  readonly domain: string;
  readonly vnet: string;
  readonly mac: string;
  readonly before: VlanTable;
  readonly after: VlanTable;
  /** What the policy wants; undefined where nobody asked it. */
  readonly expected?: Expectation | undefined;
  /** undefined where libvirt does not keep the port's FDB. */
  readonly fdb?: FdbNeed | undefined;
  /** Of the findings that it mends. */
  readonly reasons: readonly Reason[];
  readonly changes: readonly Change[];
}

/** Something that healing leaves alone. */
export interface Refusal {
  readonly bridge: string;
  readonly domain: string | undefined;
  readonly vnet: string | undefined;
  readonly reason: RefusalReason;
  /** For people, without the reason's name. */
  readonly text: string;
}

/** `unknown`: it could not be read. `uplink`: the policy calls the port an uplink. */
export type RefusalReason = Reason | 'unknown' | 'uplink';

/** What became of one vnet's plan. `vanished`: the port was gone, no failure. `reverted`: failed, and put back as it was. */
export interface Outcome {
  readonly plan: VnetPlan;
  readonly result: Extract<VnetOutcome, 'verified' | 'failed' | 'reverted' | 'vanished'>;
  /** As read back; undefined where it could not be read or the port is gone. */
  readonly actual: VlanTable | undefined;
  /** Why it is not `verified`, for people. */
  readonly problem: string | undefined;
  /** From the cycle's wake-up to the read that verified, milliseconds. */
  readonly durationMs: number;
}
