// Whose a connection is, and who gives way where there is no place left: one client, however many connections it opens, keeps nobody out.
import { isIPv6 } from 'node:net';

/** What belongs to one client. */
export interface Held {
  readonly client: string;
}

export interface Claim {
  /** It is of the client that holds most, and at least two more than the newcomer: that one is no worse off when it gives one up. */
  isGreedy(held: Held): boolean;
  /** Its client holds no less than the newcomer. */
  mayGiveWay(held: Held): boolean;
}

/** What a newcomer may ask for where all of these places are taken. */
export function claimOf(newcomer: string, taken: Iterable<Held>): Claim {
  const counts = new Map<string, number>();
  for (const { client } of taken) counts.set(client, (counts.get(client) ?? 0) + 1);
  const own = counts.get(newcomer) ?? 0;
  const most = Math.max(0, ...counts.values());
  const count = ({ client }: Held) => counts.get(client) ?? 0;
  return {
    isGreedy: (held) => count(held) === most && most >= own + 2,
    mayGiveWay: (held) => count(held) >= own,
  };
}

/**
 * The client behind an address, as node:net has it: an address of IPv4, also where it is written as one of IPv6; of IPv6 the network of
 * 64 bits, for that is what one machine is given; all sockets of AF_UNIX together, which have none.
 */
export function clientOf(address: string | undefined): string {
  if (address === undefined) return 'unix';
  const [withoutZone = ''] = address.split('%', 1);
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(withoutZone);
  if (mapped?.[1] !== undefined) return mapped[1];
  return isIPv6(withoutZone) ? `${groupsOf(withoutZone).slice(0, 4).join(':')}::/64` : address;
}

/** The eight groups of an address of IPv6, without leading zeros. */
function groupsOf(address: string): readonly string[] {
  const normal = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [head = [], tail = []] = normal.split('::').map((part) => part.split(':').filter((group) => group !== ''));
  return [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => '0'), ...tail];
}
