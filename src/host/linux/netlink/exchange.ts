// Requests and their answers on a netlink socket that does not block. The kernel answers inside the write, and makes the next
// part of a dump inside the read that takes the one before (net/netlink/af_netlink.c), so that nothing has to be waited for:
// EAGAIN before the end means that no answer comes.
import { readSync, writeSync } from 'node:fs';
import { NLM_F_DUMP_INTR, NLMSG_DONE, NLMSG_ERROR, NLMSG_MIN_TYPE, NLMSG_OVERRUN } from './constants.ts';
import { errnoName, explainErrno } from './errno.ts';
import { MalformedError, type Message, parseMessages, setSequence } from './message.ts';

/** One datagram in, one out. Both throw as node:fs does: an Error with `code`, as EAGAIN where there is nothing to read. */
export interface Descriptor {
  read(into: Buffer): number;
  write(datagram: Buffer): number;
}

/** What keeps the kernel from being asked this way. `code`: as ENOBUFS, EBADF; undefined where the answer was not understood. */
export class NetlinkError extends Error {
  override readonly name = 'NetlinkError';
  readonly code: string | undefined;
  constructor(message: string, code?: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

export interface Exchange {
  /**
   * Sends one dump request and returns what `parse` makes of the messages of this type, where it makes something; a payload is good
   * during that call only. A dump that the kernel says was disturbed is read again, from the start. Throws NetlinkError.
   */
  dump<T>(request: Buffer, type: number, parse: (payload: Buffer) => T | undefined): Dump<T>;
  /**
   * Sends requests with NLM_F_ACK, in order, and returns for each the errno that it was answered with, 0 for none, or undefined
   * where no answer came. `visit` gets other messages that answer one. Throws NetlinkError where nothing could be sent at all.
   */
  ask(requests: readonly Buffer[], visit?: (at: number, message: Message) => void): readonly (number | undefined)[];
}

export interface Dump<T> {
  readonly found: readonly T[];
  /** Datagrams that it came in: one is one moment. */
  readonly parts: number;
}

// A part of a dump is at most 32 KiB, or as much as one link needs (netlink_dump, rtnl_calcit): at most 64 KiB of VLANs.
const BUFFER = 256 * 1024;
const DUMP_ATTEMPTS = 4;
// An acknowledgement takes up to 1.3 KiB of the socket's receive buffer, which has 208 KiB by default: a refusal has the request with it.
const WINDOW = 64;
// Leftovers of the process that had the socket before: a dump of 10,000 ports has some hundred parts.
const MAX_LEFTOVERS = 10_000;

/** `firstSeq`: any number; a new one for each process, so that answers to a former one are not taken for ours. */
export function createExchange(descriptor: Descriptor, firstSeq: number): Exchange {
  const buffer = Buffer.allocUnsafe(BUFFER);
  let seq = firstSeq >>> 0;
  const nextSeq = () => {
    seq = (seq + 1) >>> 0 || 1;
    return seq;
  };

  /** undefined where there is nothing to read. */
  const receive = (): readonly Message[] | undefined => {
    let length: number;
    try {
      length = descriptor.read(buffer);
    } catch (error) {
      if (codeOf(error) === 'EAGAIN') return undefined;
      throw failure('read', error);
    }
    if (length === 0) throw new NetlinkError('the netlink socket is closed');
    if (length === BUFFER) throw new NetlinkError('an answer is longer than the buffer');
    try {
      return parseMessages(buffer.subarray(0, length));
    } catch (error) {
      throw misunderstood(error);
    }
  };

  const send = (datagram: Buffer) => {
    try {
      const sent = descriptor.write(datagram);
      if (sent !== datagram.length) throw new Error(`${sent} of ${datagram.length} bytes were sent`);
    } catch (error) {
      throw failure('written', error);
    }
  };

  // What a former request or process left unread. An unread dump would keep the kernel from starting another one (EBUSY).
  const drain = () => {
    for (let i = 0; i < MAX_LEFTOVERS; i += 1) {
      try {
        descriptor.read(buffer);
      } catch (error) {
        if (codeOf(error) === 'EAGAIN') return;
        // Said once, when the queue ran over: what is left in it can still be read.
        if (codeOf(error) !== 'ENOBUFS') throw failure('read', error);
      }
    }
    throw new NetlinkError('the netlink socket does not run dry');
  };

  const dumpOnce = <T>(request: Buffer, type: number, parse: (payload: Buffer) => T | undefined) => {
    drain();
    const mine = nextSeq();
    setSequence(request, mine);
    send(request);
    const found: T[] = [];
    let disturbed = false;
    for (let parts = 1; ; parts += 1) {
      const messages = receive();
      if (!messages) throw new NetlinkError('the kernel did not answer to the end', 'EAGAIN');
      for (const message of messages) {
        if (message.seq !== mine) continue;
        if (message.flags & NLM_F_DUMP_INTR) disturbed = true;
        if (message.type === NLMSG_OVERRUN) throw new NetlinkError('the answer ran over', 'ENOBUFS');
        if (message.type === NLMSG_ERROR) throw refused(errnoOf(message));
        if (message.type === NLMSG_DONE) {
          if (errnoOf(message) !== 0) throw refused(errnoOf(message));
          return { found, parts, disturbed };
        }
        if (message.type !== type) continue;
        try {
          const one = parse(message.payload);
          if (one !== undefined) found.push(one);
        } catch (error) {
          throw misunderstood(error);
        }
      }
    }
  };

  const askWindow = (
    requests: readonly Buffer[],
    from: number,
    answers: (number | undefined)[],
    visit: ((at: number, message: Message) => void) | undefined,
  ) => {
    const places = new Map(requests.map((request, i) => [setSequence(request, nextSeq()), from + i]));
    send(Buffer.concat(requests));
    while (places.size > 0) {
      const messages = receive();
      if (!messages) throw new NetlinkError('the kernel did not answer to the end', 'EAGAIN');
      for (const message of messages) {
        const place = places.get(message.seq);
        if (place === undefined) continue;
        if (message.type === NLMSG_ERROR) {
          answers[place] = errnoOf(message);
          places.delete(message.seq);
        } else if (message.type >= NLMSG_MIN_TYPE) visit?.(place, message);
      }
    }
  };

  return {
    dump: (request, type, parse) => {
      for (let attempt = 1; ; attempt += 1) {
        const last = attempt === DUMP_ATTEMPTS;
        try {
          const { disturbed, ...dump } = dumpOnce(request, type, parse);
          if (!disturbed) return dump;
          if (last) throw new NetlinkError(`each of ${DUMP_ATTEMPTS} readings was disturbed by a change`, 'EINTR');
        } catch (error) {
          if (last || !['ENOBUFS', 'EBUSY'].includes(codeOf(error) ?? '')) throw error;
        }
      }
    },
    ask: (requests, visit) => {
      const answers: (number | undefined)[] = requests.map(() => undefined);
      drain();
      for (let from = 0; from < requests.length; from += WINDOW) {
        try {
          askWindow(requests.slice(from, from + WINDOW), from, answers, visit);
        } catch (error) {
          if (answers.every((answer) => answer === undefined)) throw error;
          return answers;
        }
      }
      return answers;
    },
  };
}

/** A descriptor of this process. */
export function fileDescriptor(fd: number): Descriptor {
  return {
    read: (into) => readSync(fd, into),
    write: (datagram) => writeSync(fd, datagram),
  };
}

/** The positive errno of an NLMSG_ERROR or NLMSG_DONE; 0 for none. */
function errnoOf({ payload }: Message): number {
  if (payload.length < 4) throw misunderstood(new MalformedError(`an acknowledgement of ${payload.length} bytes`));
  return 0 - payload.readInt32LE(0);
}

function refused(errno: number): NetlinkError {
  return new NetlinkError(`the kernel answered: ${explainErrno(errno)}`, errnoName(errno));
}

function failure(what: string, error: unknown): NetlinkError {
  return new NetlinkError(`the netlink socket cannot be ${what}: ${(error as Error).message}`, codeOf(error), error);
}

function misunderstood(error: unknown): NetlinkError {
  if (error instanceof NetlinkError) return error;
  if (!(error instanceof MalformedError)) throw error;
  return new NetlinkError(`the kernel's answer is not understood: ${error.message}`, undefined, error);
}

function codeOf(error: unknown): string | undefined {
  return (error as { code?: string }).code;
}
