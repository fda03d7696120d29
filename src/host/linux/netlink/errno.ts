// An errno as people know it: errno(3). Node's names are libuv's, which are the kernel's but for one.
import { getSystemErrorMap } from 'node:util';

const EOPNOTSUPP = 95;

// What it means where a port's VLANs or FDB entries are changed: net/core/rtnetlink.c, net/bridge/br_netlink.c.
const MEANING: Readonly<Record<string, string>> = {
  ENODEV: 'the port is gone',
  EPERM: 'CAP_NET_ADMIN is missing',
  EOPNOTSUPP: 'it is no port of a bridge any more',
};

/** `EPERM` of 1; `errno 4000` where it has no name. */
export function errnoName(errno: number): string {
  return known(errno)?.[0] ?? `errno ${errno}`;
}

/** `operation not permitted (EPERM): CAP_NET_ADMIN is missing`, of a change that the kernel refused. */
export function explainRefusal(errno: number): string {
  const meaning = MEANING[errnoName(errno)];
  return `${explainErrno(errno)}${meaning === undefined ? '' : `: ${meaning}`}`;
}

/** `operation not permitted (EPERM)`. */
export function explainErrno(errno: number): string {
  const [name, text] = known(errno) ?? [];
  return name === undefined ? errnoName(errno) : `${text} (${name})`;
}

function known(errno: number): readonly [name: string, text: string] | undefined {
  if (errno === EOPNOTSUPP) return ['EOPNOTSUPP', 'operation not supported'];
  return getSystemErrorMap().get(-errno);
}
