// What Debian 12's kernel (6.1) answered, byte by byte, as recorded in the kernel lab; and a netlink socket that says what a
// test wants it to.
import { readFileSync } from 'node:fs';
import type { Descriptor } from '../../../../src/host/linux/netlink/exchange.ts';

type Recorded =
  | 'bridgeLinks'
  | 'linkOfBridge'
  | 'linkThatIsNot'
  | 'linkOfTap'
  | 'linkOfOtherBridge'
  | 'changeOfGonePort'
  | 'changeDone'
  | 'fdb'
  | 'fdbOfGoneBridge';

const recorded = JSON.parse(readFileSync(new URL('kernel-6.1.json', import.meta.url), 'utf8')) as Record<
  Recorded,
  readonly string[]
>;

/** The datagrams of an answer, as their messages' numbers were then or as `seq` says. */
export function answer(what: Recorded, seq?: number): readonly Buffer[] {
  return recorded[what].map((hex) => (seq === undefined ? bytes(hex) : renumbered(bytes(hex), seq)));
}

export function bytes(hex: string): Buffer {
  return Buffer.from(hex, 'hex');
}

/** A message with its header. */
export function message(type: number, seq: number, body: Buffer, flags = 0): Buffer {
  const header = Buffer.alloc(16);
  header.writeUInt32LE(16 + body.length, 0);
  header.writeUInt16LE(type, 4);
  header.writeUInt16LE(flags, 6);
  header.writeUInt32LE(seq, 8);
  return Buffer.concat([header, body]);
}

/** NLMSG_ERROR: an acknowledgement, or a refusal with a positive errno. */
export function acknowledgement(seq: number, errno = 0): Buffer {
  const body = Buffer.alloc(20);
  body.writeInt32LE(-errno, 0);
  return message(2, seq, body);
}

/** The messages of a datagram that is sent, as their type, number and bytes. */
export function sent(
  datagram: Buffer,
): readonly { readonly type: number; readonly seq: number; readonly bytes: Buffer }[] {
  const messages = [];
  for (let at = 0; at < datagram.length; ) {
    const length = datagram.readUInt32LE(at);
    messages.push({
      type: datagram.readUInt16LE(at + 4),
      seq: datagram.readUInt32LE(at + 8),
      bytes: datagram.subarray(at, at + length),
    });
    at += (length + 3) & ~3;
  }
  return messages;
}

export interface FakeSocket extends Descriptor {
  readonly written: Buffer[];
  /** What is to be read next: datagrams, or errors to be thrown, by their code. */
  readonly queue: (Buffer | string)[];
}

/** A socket that puts into its queue what `respond` makes of what is written. */
export function fakeSocket(respond: (datagram: Buffer) => readonly (Buffer | string)[]): FakeSocket {
  const queue: (Buffer | string)[] = [];
  const written: Buffer[] = [];
  return {
    queue,
    written,
    read: (into) => {
      const next = queue.shift() ?? 'EAGAIN';
      if (typeof next === 'string') throw Object.assign(new Error(`${next}: test`), { code: next });
      // As read(2) does: what does not fit is lost.
      return next.copy(into);
    },
    write: (datagram) => {
      written.push(Buffer.from(datagram));
      queue.push(...respond(datagram));
      return datagram.length;
    },
  };
}

function renumbered(datagram: Buffer, seq: number): Buffer {
  for (let at = 0; at < datagram.length; at += (datagram.readUInt32LE(at) + 3) & ~3)
    datagram.writeUInt32LE(seq, at + 8);
  return datagram;
}
