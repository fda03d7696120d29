// The forwarding database of a bridge: net/core/rtnetlink.c (rtnl_fdb_dump, rtnl_fdb_add, rtnl_fdb_del), net/bridge/br_fdb.c; what
// `bridge fdb show|replace|del` sends (iproute2, bridge/fdb.c). Pure: requests as bytes, answers as values.
import { isVid, type Vid } from '../../../model/vlan.ts';
import * as uapi from './constants.ts';
import { ifinfomsg } from './links.ts';
import { buildAttribute, buildMessage, eachAttribute, MalformedError, macOf, u16, u32 } from './message.ts';

/** A static entry: frames for this MAC in this VLAN leave by this port. */
export interface FdbEntry {
  /** The port's index. */
  readonly index: number;
  readonly mac: string;
  readonly vid: Vid;
}

/** Asks for all entries of a port of a bridge, both by their index. Each answer is for `parseFdbEntry`. */
export function fdbRequest(port: number, bridge: number): Buffer {
  const master = buildAttribute(uapi.IFLA_MASTER, u32(bridge));
  return buildMessage(uapi.RTM_GETNEIGH, uapi.NLM_F_DUMP, ifinfomsg(uapi.AF_BRIDGE, port), master);
}

/** The payload of an RTM_NEWNEIGH of that dump; undefined where the entry is not static, or in no VLAN. Throws MalformedError. */
export function parseFdbEntry(payload: Buffer): FdbEntry | undefined {
  if (payload.length < uapi.NDMSG_LEN) throw new MalformedError(`an FDB entry of ${payload.length} bytes`);
  const state = payload.readUInt16LE(8);
  if ((state & uapi.NUD_NOARP) === 0 || (state & uapi.NUD_PERMANENT) !== 0) return undefined;
  let mac: string | undefined;
  let vid = 0;
  eachAttribute(payload, uapi.NDMSG_LEN, payload.length, (type, from, to) => {
    if (type === uapi.NDA_LLADDR) mac = macOf(payload, from, to);
    else if (type === uapi.NDA_VLAN && to - from === 2) vid = payload.readUInt16LE(from);
  });
  return mac !== undefined && isVid(vid) ? { index: payload.readInt32LE(4), mac, vid } : undefined;
}

/** The request that adds or deletes a static entry, to be acknowledged. One that is there already is no error, one that is not there (to delete) is. */
export function fdbChangeRequest(action: 'fdb add' | 'fdb delete', { index, mac, vid }: FdbEntry): Buffer {
  const header = Buffer.alloc(uapi.NDMSG_LEN);
  header.writeUInt8(uapi.AF_BRIDGE, 0);
  header.writeInt32LE(index, 4);
  header.writeUInt16LE(uapi.NUD_NOARP | uapi.NUD_REACHABLE, 8);
  header.writeUInt8(uapi.NTF_MASTER, 10);
  const address = buildAttribute(uapi.NDA_LLADDR, Buffer.from(mac.replaceAll(':', ''), 'hex'));
  const parts = [header, address, buildAttribute(uapi.NDA_VLAN, u16(vid))];
  return action === 'fdb add'
    ? buildMessage(uapi.RTM_NEWNEIGH, uapi.NLM_F_ACK | uapi.NLM_F_CREATE | uapi.NLM_F_REPLACE, ...parts)
    : buildMessage(uapi.RTM_DELNEIGH, uapi.NLM_F_ACK, ...parts);
}
