// The bridges of this machine: by netlink where there is a socket that answers, else by iproute2.
import type { Bridge } from '../../model/snapshot.ts';
import type { Bridges, ChangesMade } from '../host.ts';
import type { KernelBridges } from './netlink/kernel-bridges.ts';

/** `monotonic`: milliseconds, for how long reading takes. */
export function preferNetlink(netlink: KernelBridges, iproute2: Bridges, monotonic: () => number): Bridges {
  const readFdb: Bridges['fdb'] = async (ports) => {
    const fdb = netlink.fdb(ports.map(({ port }) => port));
    return fdb ? { ok: true, value: fdb } : iproute2.fdb(ports);
  };
  const change: Bridges['change'] = async (changes, readBack) => {
    const made = netlink.change(changes);
    if (!made) return iproute2.change(changes, readBack);
    const { refused: failures, unanswered } = made;
    if (unanswered.length === 0) {
      const read = netlink.read(readBack.ports);
      if (read) {
        const fdb = readBack.fdb.length === 0 ? undefined : await readFdb(readBack.fdb);
        return { failures, vlans: { ok: true, value: read.vlans }, fdb, ports: portsOf(readBack.ports, read.bridges) };
      }
    }
    // Done or not: doing them again does no harm.
    const rest = await iproute2.change(unanswered, readBack);
    return { ...rest, failures: new Map([...failures, ...rest.failures]) };
  };
  return {
    ...iproute2,
    via: netlink.via,
    fdb: readFdb,
    read: async (names, only) => {
      const begin = monotonic();
      const read = netlink.read(names);
      if (!read) return iproute2.read(names, only);
      const durationMs = monotonic() - begin;
      const collectors = (['links', 'vlans'] as const).map((collector) => ({ collector, ok: true, durationMs }));
      const bridges = only ? read.bridges.map((bridge) => withPorts(bridge, only)) : read.bridges;
      return { links: { ok: true, value: bridges }, vlans: { ok: true, value: read.vlans }, collectors };
    },
    change,
  };
}

function withPorts(bridge: Bridge, only: ReadonlySet<string>): Bridge {
  return { ...bridge, ports: bridge.ports.filter(({ name }) => only.has(name)) };
}

function portsOf(names: readonly string[], bridges: readonly Bridge[]): ChangesMade['ports'] {
  const none = names.map((name) => [name, new Set<string>()] as const);
  const found = bridges.map(({ name, ports }) => [name, new Set(ports.map((port) => port.name))] as const);
  return { ok: true, value: new Map([...none, ...found]) };
}
