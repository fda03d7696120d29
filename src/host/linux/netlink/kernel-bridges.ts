// The kernel by netlink as long as that goes well, and iproute2 where it does not: said once when it changes.
import { existsSync } from 'node:fs';
import type { KernelInterface } from '../../../model/kernel-interface.ts';
import type { Log } from '../../../model/log.ts';
import type { Change } from '../../../model/plan.ts';
import type { Fdb } from '../../../model/snapshot.ts';
import { listenFds } from '../listen-fds.ts';
import { createNetlinkBridges, type KernelChanges, type KernelRead } from './bridges.ts';
import type { Exchange } from './exchange.ts';
import { openExchange, RTNL } from './open.ts';

const RETRY_MS = 60_000;

/** The bridges without a process in between. undefined: not this time, iproute2 is to be asked. */
export interface KernelBridges {
  /** What is asked now. */
  via(): KernelInterface;
  read(names: readonly string[]): KernelRead | undefined;
  /** The static FDB entries of these bridges, of ports as they were when last read. */
  fdb(ports: readonly string[]): Fdb | undefined;
  /** Makes the changes, in their order, of ports as they were when last read. */
  change(changes: readonly Change[]): KernelChanges | undefined;
}

/** On the socket that systemd handed to this process; undefined, and said, where it handed none that can be used. */
export function openKernelBridges(env: NodeJS.ProcessEnv, log: Log): KernelBridges | undefined {
  const [fd] = listenFds(env, RTNL);
  const opened = fd === undefined ? { problem: 'systemd passed no netlink socket' } : openExchange(fd);
  if ('problem' in opened) {
    log.info({ via: 'iproute2', reason: opened.problem }, 'the kernel is asked by bridge(8)');
    return undefined;
  }
  const isTap = (name: string) => existsSync(`/sys/class/net/${name}/tun_flags`);
  return createKernelBridges(opened.exchange, isTap, log, () => performance.now());
}

/** `now`: milliseconds, never set back. */
export function createKernelBridges(
  exchange: Exchange,
  isTap: (name: string) => boolean,
  log: Log,
  now: () => number,
): KernelBridges {
  const bridges = createNetlinkBridges(exchange, isTap);
  // undefined before the first answer.
  let via: KernelInterface | undefined;
  let retryAt = Number.NEGATIVE_INFINITY;

  const attempt = <T>(ask: () => T): T | undefined => {
    try {
      const answer = ask();
      if (via !== 'netlink') log.info({ via: 'netlink' }, 'the kernel is asked by netlink');
      via = 'netlink';
      return answer;
    } catch (error) {
      const problem = (error as Error).message;
      if (via !== 'iproute2') log.warn({ via: 'iproute2', problem }, 'the kernel is asked by bridge(8)');
      via = 'iproute2';
      retryAt = now() + RETRY_MS;
      return undefined;
    }
  };

  return {
    via: () => via ?? 'netlink',
    read: (names) => (now() < retryAt ? undefined : attempt(() => bridges.read(names))),
    // Ports are known from the last reading: where that was not ours, neither are the entries and the changes.
    fdb: (ports) => (via === 'netlink' ? attempt(() => bridges.fdb(ports)) : undefined),
    change: (changes) => (via === 'netlink' ? attempt(() => bridges.change(changes)) : undefined),
  };
}
