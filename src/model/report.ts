// Report: all vnets, verdicts and findings for one snapshot and one policy.
import type { Expectation, Undecided } from './policy.ts';
import type { Reason } from './reasons.ts';
import type { CollectorRun, VlanProtocol } from './snapshot.ts';
import type { Vids, VlanTable } from './vlan.ts';

export type Verdict = 'compliant' | 'drifted' | 'unknown';

export interface Report {
  /** The snapshot's. */
  readonly takenAt: number;
  readonly policySha256: string;
  /** One for each bridge of the policy, present or not, sorted by name. */
  readonly bridges: readonly BridgeReport[];
  /** Domains that could not be understood and readers that failed: what this report cannot tell. */
  readonly unknowns: readonly Unknown[];
  /** In the order of domain and MAC. */
  readonly portless: readonly Portless[];
}

/** An interface of a running domain that is no port of a Linux bridge, as far as bridges were read: nothing is expected of it. */
export interface Portless {
  readonly domain: string;
  /** The guest's; empty where it has none. */
  readonly mac: string;
  /** What it is instead, as "macvtap" or "user". */
  readonly kind: string;
  readonly target: string | undefined;
  /** What a macvtap lies on: it may be a bridge, past whose ports its frames go. */
  readonly device: string | undefined;
}

/** Something that could not be read or understood. */
export interface Unknown {
  /**
   * `links`, `vlans` and `domains` are the readers as a whole; `fdb`: the FDB, where libvirt keeps a vnet's; `taps`: taps of a
   * bridge whose owners libvirt does not tell.
   */
  readonly kind: Reader | 'fdb' | 'bridge' | 'domain' | 'taps';
  /** Of the bridge or the domain. */
  readonly name: string | undefined;
  readonly problem: string;
  /** Of `taps`: the domains that may own one of them. In no JSON. */
  readonly domains?: readonly string[];
}

export type Reader = CollectorRun['collector'];

/** Whether a reader failed as a whole, so that all that it would have said is unknown. */
export function isUnread({ unknowns }: Report, ...readers: readonly Reader[]): boolean {
  return unknowns.some(({ kind }) => readers.some((reader) => reader === kind));
}

/** Bridges of the policy that are not there, by name: that is an answer, and none of their ports is where it was. */
export function absentBridges({ bridges }: Report): ReadonlySet<string> {
  return new Set(bridges.filter(({ present }) => present === false).map(({ name }) => name));
}

/** Whether all was read that vnets are matched and judged by: what is not in the report is not there. */
export function isWhole(report: Report): boolean {
  return !isUnread(report, 'links', 'vlans', 'domains');
}

/** In report order. */
export function vnetsOf({ bridges }: Report): readonly VnetReport[] {
  return bridges.flatMap(({ vnets }) => vnets);
}

/** The findings of interfaces that are off their bridge. */
export function offBridge({ bridges }: Report): readonly Finding[] {
  return bridges.flatMap(({ findings }) => findings.filter(({ reason }) => reason === 'not_on_bridge'));
}

export interface BridgeReport {
  readonly name: string;
  /** undefined where links could not be read. */
  readonly present: boolean | undefined;
  readonly vlanFiltering: boolean | undefined;
  readonly defaultPvid: number | undefined;
  readonly vlanProtocol?: VlanProtocol | undefined;
  /** Sorted by domain, then port name. */
  readonly vnets: readonly VnetReport[];
  /** Interfaces that running domains have on this bridge, matched or not, by domain name. */
  readonly expectedVnets: ReadonlyMap<string, number>;
  /** Taps that match no domain. */
  readonly orphanPorts: readonly string[];
  /** All findings of the bridge, its vnets' included. */
  readonly findings: readonly Finding[];
  /** In report order. */
  readonly warnings: readonly Warning[];
}

/** What no policy forbids and yet surprises. It is shown, and changes neither a verdict nor an exit status. */
export interface Warning {
  /** `mac_shared`: two running interfaces have one MAC, and may meet in a VLAN. `uplink_is_vnet`: the policy calls a VM's tap an uplink. */
  readonly kind: 'mac_shared' | 'uplink_is_vnet';
  readonly domain: string;
  readonly vnet: string | undefined;
  /** For people. */
  readonly text: string;
}

/** A bridge port matched to one interface of one running domain. */
export interface VnetReport {
  readonly bridge: string;
  /** The port's name. */
  readonly vnet: string;
  readonly domain: string;
  readonly uuid: string | undefined;
  /** The guest's MAC. */
  readonly mac: string;
  readonly expected: Expectation;
  /** undefined where the VLAN table could not be read: the verdict is unknown. */
  readonly actual: VlanTable | undefined;
  readonly missing: Vids;
  /** VLANs that should not be there (none where the policy says `unexpected: ignore`, but for VLAN 1 and the bridge's default PVID). */
  readonly unexpected: Vids;
  /** VLANs that leave untagged and should not, or the reverse; those of `unexpected` among them. */
  readonly mistagged: Vids;
  /** Why nobody changes it, whatever its table; undefined where it may be healed. */
  readonly untouchable:
    | { readonly reason: 'uplink' | 'unknown' | Undecided['reason']; readonly text: string }
    | undefined;
  /** What `plan` makes of `actual`; undefined where `actual` is. Equal to `actual` where there is nothing to heal. */
  readonly target: VlanTable | undefined;
  /** Of a port whose FDB libvirt keeps: what goes with `target`. */
  readonly fdb?: FdbNeed | undefined;
  readonly verdict: Verdict;
  readonly findings: readonly Finding[];
}

/** VLANs in which the port needs a static FDB entry for the guest's MAC that it has not, and those in which it has one too many. */
export interface FdbNeed {
  readonly add: Vids;
  readonly remove: Vids;
}

/** One deviation of one subject. `domain` and `vnet` are undefined where the finding is not about one. */
export interface Finding {
  readonly reason: Reason;
  readonly bridge: string;
  readonly domain: string | undefined;
  readonly vnet: string | undefined;
  /** Where it is about several domains. */
  readonly domains?: readonly string[];
  /** For people. */
  readonly expected: string;
  readonly actual: string;
}
