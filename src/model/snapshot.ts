// Snapshot: what the host is, read once. What could not be read is in it as such.
import type { Vids, VlanTable } from './vlan.ts';

/** What a reader returned, or why it could not be read. */
export type Reading<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: string };

/** What `read` returns, or the message of what it throws. */
export function readingOf<T>(read: () => T): Reading<T> {
  try {
    return { ok: true, value: read() };
  } catch (error) {
    return { ok: false, error: (error as Error).message };
  }
}

/** What `read` returns; undefined where it throws, and nobody needs to know why. */
export function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** The host at one moment. `links` holds the bridges that were asked for and that exist: those of the policy, or all. */
export interface Snapshot {
  /** When reading began, milliseconds since the epoch. */
  readonly takenAt: number;
  readonly links: Reading<readonly Bridge[]>;
  /** VLAN table by port name, of all bridges; a port that is not in it has no VLAN at all. */
  readonly vlans: Reading<ReadonlyMap<string, VlanTable>>;
  readonly domains: Reading<readonly Domain[]>;
  /** undefined: not read, since libvirt keeps the table of no running domain's port. */
  readonly fdb?: Reading<Fdb> | undefined;
  /** How reading went, one for each reader. */
  readonly collectors: readonly CollectorRun[];
}

export interface CollectorRun {
  readonly collector: 'links' | 'vlans' | 'domains';
  readonly ok: boolean;
  readonly durationMs: number;
}

/** A Linux bridge, from /sys/class/net/NAME/bridge and brif. */
export interface Bridge {
  readonly name: string;
  /** Whether VLANs are enforced; undefined where the kernel file could not be read. */
  readonly vlanFiltering: boolean | undefined;
  /** The PVID that the kernel gives a port that joins; 0 = none; undefined where it could not be read. */
  readonly defaultPvid: number | undefined;
  /** Which tags it filters by: 802.1ad takes no notice of a guest's own 802.1Q tags. undefined where it could not be read. */
  readonly vlanProtocol?: VlanProtocol | undefined;
  /** Sorted by name. */
  readonly ports: readonly Port[];
}

/** Static entries of the forwarding database by port: the VLANs in which a MAC is known to be there. */
export type Fdb = ReadonlyMap<string, ReadonlyMap<string, Vids>>;

export type VlanProtocol = '802.1Q' | '802.1ad';

/** From its EtherType; undefined where it is none that a bridge can have. */
export function vlanProtocolOf(etherType: number | undefined): VlanProtocol | undefined {
  return etherType === 0x8100 ? '802.1Q' : etherType === 0x88a8 ? '802.1ad' : undefined;
}

export interface Port {
  readonly name: string;
  /** Lower case, colons; undefined where it could not be read. */
  readonly mac: string | undefined;
  /** A tun/tap device, as VMs have. */
  readonly tap: boolean;
}

/** A libvirt domain, from its XML. */
export interface Domain {
  readonly name: string;
  readonly uuid: string | undefined;
  /**
   * `running`: has live XML. `defined`: persistent XML only. `unknown`: its XML could not be read or understood, `problem` says
   * why; `interfaces` are then those of its live XML when that was last understood.
   */
  readonly state: 'running' | 'defined' | 'unknown';
  readonly problem?: string;
  /** Of one whose state is unknown: it has no live XML. */
  readonly stopped?: true;
  /** It ran, and its process is gone: libvirtd was down then, and left its live XML. */
  readonly died?: true;
  /** Where its XML was read, for people. */
  readonly file?: string | undefined;
  readonly interfaces: readonly Interface[];
  /** Our element in <metadata>; undefined where there is none. */
  readonly metadata?: Metadata | undefined;
}

/** An `<interface>` of a domain. */
export interface Interface {
  /** The guest's MAC, lower case. */
  readonly mac: string;
  /** The tap's name, `<target dev>`; in live XML only. */
  readonly target: string | undefined;
  /** The bridge it belongs on; undefined where it is none of a Linux bridge's, `skipped` says why. */
  readonly bridge: string | undefined;
  /** Why this interface has no Linux bridge port, as "macvtap" or "openvswitch"; undefined where it has one. */
  readonly skipped: string | undefined;
  /** Of the libvirt network that the interface was asked of, `<source network= portgroup=>`. */
  readonly network?: string | undefined;
  readonly portgroup?: string | undefined;
  /** The name that the user gave it, as `ua-lan`; libvirt's own names are left out. */
  readonly alias?: string | undefined;
  /** libvirt's own `<vlan>`, of the interface or its `<actual>`. */
  readonly vlan?: LibvirtVlan | undefined;
  /** `libvirt`: it keeps the port's FDB, macTableManager='libvirt'. */
  readonly macTable?: 'libvirt' | undefined;
  /** Of type='ethernet', whose bridge only the kernel knows. Not `managed`: somebody else made the tap, and chose its MAC. */
  readonly ethernet?: { readonly managed: boolean } | undefined;
  /** What a macvtap lies on, `<source dev>`. */
  readonly device?: string | undefined;
}

/** `<vlan>` as written: nothing is checked yet. */
export interface LibvirtVlan {
  readonly trunk?: string | undefined;
  readonly tags: readonly { readonly id?: string | undefined; readonly nativeMode?: string | undefined }[];
}

/** Of our elements in a domain's `<metadata>`. */
export const METADATA_NAMESPACE = 'urn:libvirt-vlan-exporter:1';

/** The elements of our namespace in a domain's `<metadata>`, as written, or why they could not be read. */
export type Metadata = { readonly elements: readonly MetadataElement[] } | { readonly problem: string };

/** `name` without its prefix; attributes without declarations of namespaces. */
export interface MetadataElement {
  readonly name: string;
  readonly attributes: readonly (readonly [string, string])[];
  readonly children: readonly MetadataElement[];
  readonly text: string;
}

/** Why whole parts of the host could not be read, for people; none where all was. */
export function readErrors({ links, vlans, domains }: Snapshot): readonly string[] {
  return [links, vlans, domains].flatMap((reading) => (reading.ok ? [] : [reading.error]));
}

/** The same, with the FDB and the single domains that could not be read. */
export function allReadErrors(snapshot: Snapshot): readonly string[] {
  const { domains, fdb } = snapshot;
  const unread = domains.ok ? domains.value.filter(({ state }) => state === 'unknown') : [];
  return [
    ...readErrors(snapshot),
    ...unread.map(({ name, problem = `${name}: not understood` }) => problem),
    ...(!fdb || fdb.ok ? [] : [fdb.error]),
  ];
}

/** The VLANs of a port or bridge; undefined where they could not be read. A port that the dump does not list has none at all. */
export function tableOf(vlans: Snapshot['vlans'], port: string): VlanTable | undefined {
  return vlans.ok ? (vlans.value.get(port) ?? []) : undefined;
}
