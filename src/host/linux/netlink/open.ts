// The netlink socket that systemd hands to the service (systemd.socket(5), ListenNetlink=route), if it is what it should be.
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { endianness } from 'node:os';
import { createExchange, type Exchange, fileDescriptor } from './exchange.ts';

/** FileDescriptorName= in the socket's unit. */
export const RTNL = 'rtnl';

const O_NONBLOCK = 0o4000;

/** A descriptor made ready, or why it cannot be used, for people. Nothing is sent yet. */
export function openExchange(fd: number): { readonly exchange: Exchange } | { readonly problem: string } {
  if (endianness() !== 'LE') return { problem: 'this machine is big-endian' };
  try {
    const flags = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1];
    if (flags === undefined || (Number.parseInt(flags, 8) & O_NONBLOCK) === 0)
      return { problem: `descriptor ${fd} blocks: the unit lacks NonBlocking=yes` };
  } catch (error) {
    return { problem: `descriptor ${fd} cannot be looked at: ${(error as Error).message}` };
  }
  return { exchange: createExchange(fileDescriptor(fd), randomInt(2 ** 32)) };
}
