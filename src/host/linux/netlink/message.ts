// Netlink messages and their attributes as bytes: netlink(7), linux/netlink.h. Pure. Integers are in the machine's order, which
// is little-endian wherever this is used: see open.ts.
import { NLA_HDRLEN, NLA_TYPE_MASK, NLM_F_REQUEST, NLMSG_HDRLEN } from './constants.ts';

/** One message of a datagram. `payload` is a window into the datagram, good until that is written over. */
export interface Message {
  readonly type: number;
  readonly flags: number;
  readonly seq: number;
  readonly payload: Buffer;
}

/** Bytes that are no netlink message or attribute: cut off, or of another protocol. */
export class MalformedError extends Error {
  override readonly name = 'MalformedError';
}

/** The messages of one datagram. Throws MalformedError where the last one is cut off. */
export function parseMessages(datagram: Buffer): readonly Message[] {
  const messages: Message[] = [];
  let at = 0;
  while (at < datagram.length) {
    const rest = datagram.length - at;
    const length = rest < NLMSG_HDRLEN ? 0 : datagram.readUInt32LE(at);
    if (length < NLMSG_HDRLEN || length > rest)
      throw new MalformedError(`a message of ${length} bytes where ${rest} are left`);
    messages.push({
      type: datagram.readUInt16LE(at + 4),
      flags: datagram.readUInt16LE(at + 6),
      seq: datagram.readUInt32LE(at + 8),
      payload: datagram.subarray(at + NLMSG_HDRLEN, at + length),
    });
    at += align(length);
  }
  return messages;
}

/** Calls `visit` with the type and the value's place of each attribute between two offsets. Throws MalformedError. */
export function eachAttribute(
  bytes: Buffer,
  from: number,
  to: number,
  visit: (type: number, from: number, to: number) => void,
): void {
  let at = from;
  while (at < to) {
    const length = to - at < NLA_HDRLEN ? 0 : bytes.readUInt16LE(at);
    if (length < NLA_HDRLEN || length > to - at)
      throw new MalformedError(`an attribute of ${length} bytes where ${to - at} are left`);
    visit(bytes.readUInt16LE(at + 2) & NLA_TYPE_MASK, at + NLA_HDRLEN, at + length);
    at += align(length);
  }
}

/** A request with its header; `seq` is filled in when it is sent. `flags` beside NLM_F_REQUEST. */
export function buildMessage(type: number, flags: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const bytes = Buffer.alloc(NLMSG_HDRLEN + align(body.length));
  bytes.writeUInt32LE(NLMSG_HDRLEN + body.length, 0);
  bytes.writeUInt16LE(type, 4);
  bytes.writeUInt16LE(flags | NLM_F_REQUEST, 6);
  body.copy(bytes, NLMSG_HDRLEN);
  return bytes;
}

/** Numbers a message that is about to be sent. Returns the number. */
export function setSequence(message: Buffer, seq: number): number {
  message.writeUInt32LE(seq, 8);
  return seq;
}

/** An attribute with its padding. */
export function buildAttribute(type: number, value: Buffer): Buffer {
  const bytes = Buffer.alloc(align(NLA_HDRLEN + value.length));
  bytes.writeUInt16LE(NLA_HDRLEN + value.length, 0);
  bytes.writeUInt16LE(type, 2);
  value.copy(bytes, NLA_HDRLEN);
  return bytes;
}

export function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** The C string in an attribute's value. */
export function textOf(bytes: Buffer, from: number, to: number): string {
  const end = bytes.indexOf(0, from);
  return bytes.toString('utf8', from, end < 0 || end > to ? to : end);
}

/** A MAC address in normal form; undefined where the value has another length. */
export function macOf(bytes: Buffer, from: number, to: number): string | undefined {
  if (to - from !== 6) return undefined;
  const hex = bytes.toString('hex', from, to);
  return `${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4, 6)}:${hex.slice(6, 8)}:${hex.slice(8, 10)}:${hex.slice(10)}`;
}

// NLMSG_ALIGN and NLA_ALIGN.
function align(length: number): number {
  return (length + 3) & ~3;
}
