// What the kernel says of bridges and their ports: rtnetlink(7), net/core/rtnetlink.c (rtnl_bridge_getlink), net/bridge/
// br_netlink.c (br_fill_ifinfo, br_fill_ifvlaninfo_compressed). Pure: requests as bytes, answers as values.
import { isVid, type VlanRun, type VlanTable, vlanTable } from '../../../model/vlan.ts';
import * as uapi from './constants.ts';
import { buildAttribute, buildMessage, eachAttribute, MalformedError, macOf, textOf, u32 } from './message.ts';

/** A port of a bridge, or the bridge itself with the VLANs of its own (`self`) rows: then `master` is its own index. */
export interface BridgeLink {
  readonly index: number;
  readonly name: string;
  /** Normal form; undefined for a link without a MAC of six bytes. */
  readonly mac: string | undefined;
  /** The bridge's index. */
  readonly master: number;
  readonly vlans: VlanTable;
}

/** The settings of a bridge; undefined where an older kernel does not tell. */
export interface BridgeFacts {
  readonly index: number;
  readonly vlanFiltering: boolean | undefined;
  /** 0: none. */
  readonly defaultPvid: number | undefined;
  /** An EtherType: 0x8100 or 0x88a8. */
  readonly vlanProtocol: number | undefined;
}

/** Asks for all ports of all bridges, and the bridges themselves, with their VLANs. Each answer is for `parseBridgeLink`. */
export function bridgeLinksRequest(): Buffer {
  const mask = buildAttribute(uapi.IFLA_EXT_MASK, u32(uapi.RTEXT_FILTER_BRVLAN_COMPRESSED));
  return buildMessage(uapi.RTM_GETLINK, uapi.NLM_F_DUMP, ifinfomsg(uapi.AF_BRIDGE, 0), mask);
}

/** The payload of an RTM_NEWLINK of that dump; undefined where it is no bridge's or none of its ports. Throws MalformedError. */
export function parseBridgeLink(payload: Buffer): BridgeLink | undefined {
  const index = parseHeader(payload, uapi.AF_BRIDGE);
  let name = '';
  let mac: string | undefined;
  let master = 0;
  let vlans: VlanTable | undefined = [];
  eachAttribute(payload, uapi.IFINFOMSG_LEN, payload.length, (type, from, to) => {
    if (type === uapi.IFLA_IFNAME) name = textOf(payload, from, to);
    else if (type === uapi.IFLA_ADDRESS) mac = macOf(payload, from, to);
    else if (type === uapi.IFLA_MASTER) master = readU32(payload, from, to);
    else if (type === uapi.IFLA_AF_SPEC) vlans = parseVlans(payload, from, to);
  });
  if (name === '') throw new MalformedError(`link ${index} has no name`);
  if (master === 0 || vlans === undefined) return undefined;
  return { index, name, mac, master, vlans };
}

/**
 * A parser of those payloads that remembers: what has not changed since the last reading is not parsed again, and is the same value.
 * `next` is called before each reading; what was not seen in the one before is forgotten.
 */
export function createBridgeLinkParser(): { next(): void; parse(payload: Buffer): BridgeLink | undefined } {
  interface Known {
    readonly payload: Buffer;
    readonly link: BridgeLink | undefined;
  }
  let before: ReadonlyMap<number, Known> = new Map();
  let seen = new Map<number, Known>();
  return {
    next: () => {
      before = seen;
      seen = new Map();
    },
    parse: (payload) => {
      const index = parseHeader(payload, uapi.AF_BRIDGE);
      let known = seen.get(index) ?? before.get(index);
      if (!known?.payload.equals(payload)) known = { payload: copyOf(payload), link: parseBridgeLink(payload) };
      seen.set(index, known);
      return known.link;
    },
  };
}

// Not of Node's pool: there, one link that is remembered would hold 8 KiB.
function copyOf(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}

/** Asks for one link by its name; answered with RTM_NEWLINK for `parseBridgeFacts`, or an error (ENODEV). */
export function linkRequest(name: string): Buffer {
  const attributes = [
    buildAttribute(uapi.IFLA_IFNAME, Buffer.from(`${name}\0`)),
    buildAttribute(uapi.IFLA_EXT_MASK, u32(uapi.RTEXT_FILTER_SKIP_STATS)),
  ];
  return buildMessage(uapi.RTM_GETLINK, uapi.NLM_F_ACK, ifinfomsg(uapi.AF_UNSPEC, 0), ...attributes);
}

/** The payload of an RTM_NEWLINK; undefined where the link is no bridge. Throws MalformedError. */
export function parseBridgeFacts(payload: Buffer): BridgeFacts | undefined {
  const index = parseHeader(payload, uapi.AF_UNSPEC);
  let kind = '';
  let data: readonly [number, number] | undefined;
  eachAttribute(payload, uapi.IFINFOMSG_LEN, payload.length, (type, from, to) => {
    if (type !== uapi.IFLA_LINKINFO) return;
    eachAttribute(payload, from, to, (inner, start, end) => {
      if (inner === uapi.IFLA_INFO_KIND) kind = textOf(payload, start, end);
      else if (inner === uapi.IFLA_INFO_DATA) data = [start, end];
    });
  });
  if (kind !== 'bridge') return undefined;
  let [vlanFiltering, defaultPvid, vlanProtocol]: [boolean?, number?, number?] = [];
  if (data)
    eachAttribute(payload, ...data, (type, from, to) => {
      if (type === uapi.IFLA_BR_VLAN_FILTERING && to - from === 1) vlanFiltering = payload.readUInt8(from) !== 0;
      else if (type === uapi.IFLA_BR_VLAN_DEFAULT_PVID && to - from === 2) defaultPvid = payload.readUInt16LE(from);
      else if (type === uapi.IFLA_BR_VLAN_PROTOCOL && to - from === 2) vlanProtocol = payload.readUInt16BE(from);
    });
  return { index, vlanFiltering, defaultPvid, vlanProtocol };
}

/** A struct ifinfomsg that names a link by its index, or none by 0. */
export function ifinfomsg(family: number, index: number): Buffer {
  const bytes = Buffer.alloc(uapi.IFINFOMSG_LEN);
  bytes.writeUInt8(family, 0);
  bytes.writeInt32LE(index, 4);
  return bytes;
}

/** The link's index. */
function parseHeader(payload: Buffer, family: number): number {
  if (payload.length < uapi.IFINFOMSG_LEN) throw new MalformedError(`a link of ${payload.length} bytes`);
  if (payload.readUInt8(0) !== family) throw new MalformedError(`a link of family ${payload.readUInt8(0)}`);
  return payload.readInt32LE(4);
}

/** undefined where the rows are those of a network card's own switch (ndo_dflt_bridge_getlink): no bridge's. */
function parseVlans(bytes: Buffer, from: number, to: number): VlanTable | undefined {
  const runs: VlanRun[] = [];
  let begun: { readonly flags: number; readonly vid: number } | undefined;
  let ofCard = false;
  eachAttribute(bytes, from, to, (type, start, end) => {
    if (type === uapi.IFLA_BRIDGE_FLAGS && end - start === 2)
      ofCard ||= (bytes.readUInt16LE(start) & uapi.BRIDGE_FLAGS_SELF) !== 0;
    if (type !== uapi.IFLA_BRIDGE_VLAN_INFO) return;
    if (end - start !== 4) throw new MalformedError(`a VLAN of ${end - start} bytes`);
    const row = { flags: bytes.readUInt16LE(start), vid: bytes.readUInt16LE(start + 2) };
    if (row.flags & uapi.BRIDGE_VLAN_INFO_RANGE_BEGIN) {
      if (begun) throw new MalformedError(`a range of VLANs that begins at ${row.vid}, inside another one`);
      begun = row;
      return;
    }
    const isEnd = (row.flags & uapi.BRIDGE_VLAN_INFO_RANGE_END) !== 0;
    if (isEnd !== (begun !== undefined))
      throw new MalformedError(`a range of VLANs without an end or a beginning at ${row.vid}`);
    runs.push(run(begun?.vid ?? row.vid, row.vid, row.flags));
    begun = undefined;
  });
  if (begun) throw new MalformedError('a range of VLANs without an end');
  return ofCard ? undefined : vlanTable(runs);
}

function run(first: number, last: number, flags: number): VlanRun {
  if (!isVid(first) || !isVid(last) || last < first) throw new MalformedError(`no VLANs: ${first} to ${last}`);
  return {
    first,
    last,
    pvid: (flags & uapi.BRIDGE_VLAN_INFO_PVID) !== 0,
    untagged: (flags & uapi.BRIDGE_VLAN_INFO_UNTAGGED) !== 0,
  };
}

function readU32(bytes: Buffer, from: number, to: number): number {
  if (to - from !== 4) throw new MalformedError(`a number of ${to - from} bytes`);
  return bytes.readUInt32LE(from);
}
