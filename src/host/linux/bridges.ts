// The bridges of this machine: by netlink where there is a socket that answers, else by iproute2.
import type { Change, VlanChange } from '../../model/plan.ts';
import type { Bridge } from '../../model/snapshot.ts';
import type { Bridges, ChangesMade } from '../host.ts';
import type { KernelBridges } from './netlink/kernel-bridges.ts';

/** `monotonic`: milliseconds, for how long reading takes. */
export function preferNetlink(netlink: KernelBridges, iproute2: Bridges, monotonic: () => number): Bridges {
  const change: Bridges['change'] = async (changes, readBack) => {
    // FDB entries go by bridge(8), and in one batch with the VLANs that they belong to.
    const made = changes.every(isOfVlans) ? netlink.change(changes) : undefined;
    if (!made) return iproute2.change(changes, readBack);
    const { refused: failures, unanswered } = made;
    if (unanswered.length === 0) {
      const fdb = readBack.fdb.length === 0 ? undefined : await iproute2.fdb(readBack.fdb);
      const read = netlink.read(readBack.ports);
      const [vlans, ports] = [read?.vlans, portsOf(readBack.ports, read?.bridges ?? [])];
      if (vlans) return { failures, vlans: { ok: true, value: vlans }, fdb, ports };
    }
    // Done or not: doing them again does no harm.
    const rest = await iproute2.change(unanswered, readBack);
    return { ...rest, failures: new Map([...failures, ...rest.failures]) };
  };
  return {
    ...iproute2,
    via: netlink.via,
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

function isOfVlans(change: Change): change is VlanChange {
  return !('mac' in change);
}

function withPorts(bridge: Bridge, only: ReadonlySet<string>): Bridge {
  return { ...bridge, ports: bridge.ports.filter(({ name }) => only.has(name)) };
}

function portsOf(names: readonly string[], bridges: readonly Bridge[]): ChangesMade['ports'] {
  const none = names.map((name) => [name, new Set<string>()] as const);
  const found = bridges.map(({ name, ports }) => [name, new Set(ports.map((port) => port.name))] as const);
  return { ok: true, value: new Map([...none, ...found]) };
}
