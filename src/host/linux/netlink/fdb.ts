// The forwarding database of a bridge: net/core/rtnetlink.c (rtnl_fdb_dump, rtnl_fdb_add, rtnl_fdb_del), net/bridge/br_fdb.c; what
// `bridge fdb show|replace|del` sends (iproute2, bridge/fdb.c). Pure: requests as bytes, answers as values.
import { isVid, type Vid } from '../../../model/vlan.ts';
import {
  AF_BRIDGE,
  IFLA_MASTER,
  NDA_LLADDR,
  NDA_VLAN,
  NDMSG_LEN,
  NLM_F_ACK,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_REPLACE,
  NLM_F_REQUEST,
  NTF_MASTER,
  NUD_NOARP,
  NUD_PERMANENT,
  NUD_REACHABLE,
  RTM_DELNEIGH,
  RTM_GETNEIGH,
  RTM_NEWNEIGH,
} from './constants.ts';
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
  const master = buildAttribute(IFLA_MASTER, u32(bridge));
  return buildMessage(RTM_GETNEIGH, NLM_F_REQUEST | NLM_F_DUMP, Buffer.concat([ifinfomsg(AF_BRIDGE, port), master]));
}

/** The payload of an RTM_NEWNEIGH of that dump; undefined where the entry is not static, or in no VLAN. Throws MalformedError. */
export function parseFdbEntry(payload: Buffer): FdbEntry | undefined {
  if (payload.length < NDMSG_LEN) throw new MalformedError(`an FDB entry of ${payload.length} bytes`);
  const state = payload.readUInt16LE(8);
  if ((state & NUD_NOARP) === 0 || (state & NUD_PERMANENT) !== 0) return undefined;
  let mac: string | undefined;
  let vid = 0;
  eachAttribute(payload, NDMSG_LEN, payload.length, (type, from, to) => {
    if (type === NDA_LLADDR) mac = macOf(payload, from, to);
    else if (type === NDA_VLAN && to - from === 2) vid = payload.readUInt16LE(from);
  });
  return mac !== undefined && isVid(vid) ? { index: payload.readInt32LE(4), mac, vid } : undefined;
}

/** The request that adds or deletes a static entry, to be acknowledged. One that is there already is no error, one that is not there (to delete) is. */
export function fdbChangeRequest(action: 'fdb add' | 'fdb delete', { index, mac, vid }: FdbEntry): Buffer {
  const header = Buffer.alloc(NDMSG_LEN);
  header.writeUInt8(AF_BRIDGE, 0);
  header.writeInt32LE(index, 4);
  header.writeUInt16LE(NUD_NOARP | NUD_REACHABLE, 8);
  header.writeUInt8(NTF_MASTER, 10);
  const address = buildAttribute(NDA_LLADDR, Buffer.from(mac.replaceAll(':', ''), 'hex'));
  const body = Buffer.concat([header, address, buildAttribute(NDA_VLAN, u16(vid))]);
  return action === 'fdb add'
    ? buildMessage(RTM_NEWNEIGH, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, body)
    : buildMessage(RTM_DELNEIGH, NLM_F_REQUEST | NLM_F_ACK, body);
}
