// The bridges of the simulated host, as the program asks for them. What the kernel refuses is told in its own words.
import { compare } from '../../model/order.ts';
import type { Change } from '../../model/plan.ts';
import type { Bridge } from '../../model/snapshot.ts';
import { isVid, type Vids, type VlanTable, vidRange, vidsFrom, vlanTable } from '../../model/vlan.ts';
import type { Bridges, PortOf, VlanTables } from '../host.ts';
import { type Kernel, type Link, portsOf } from './kernel.ts';

/** `watch`: how changes of links are told. */
export function createSimBridges(kernel: Kernel, monotonic: () => number, watch: Bridges['watch']): Bridges {
  const list = () => [...kernel.links.values()].flatMap(({ kind, name }) => (kind === 'bridge' ? [name] : [])).sort();
  const existing = (names: readonly string[]) => names.filter((name) => kernel.links.get(name)?.kind === 'bridge');
  const links: Bridges['links'] = (names, only) => ({
    ok: true,
    value: existing(names).map((name) => bridgeOf(kernel, name, only)),
  });
  const fdb = (asked: readonly PortOf[]) => {
    const ports = asked.flatMap(({ bridge, port }) =>
      portsOf(kernel.links, bridge).filter(({ name }) => name === port),
    );
    return { ok: true, value: new Map(ports.map((port) => [port.name, entriesOf(port)])) } as const;
  };
  return {
    via: () => 'iproute2',
    list,
    links,
    standing: (names) => ({
      ok: true,
      value: new Map(
        existing(names).map((name) => [
          name,
          { vlanFiltering: kernel.links.get(name)?.filtering, ports: namesOfPorts(kernel, name) },
        ]),
      ),
    }),
    read: async (names, only) => {
      const begin = monotonic();
      const read = links(names, only);
      const linksMs = monotonic() - begin;
      const vlans = { ok: true, value: tablesOf(kernel) } as const;
      const collectors = [
        { collector: 'links', ok: true, durationMs: linksMs },
        { collector: 'vlans', ok: true, durationMs: monotonic() - begin - linksMs },
      ] as const;
      return { links: read, vlans, collectors };
    },
    fdb: async (ports) => fdb(ports),
    change: async (changes, readBack) => {
      const failures = changes.flatMap((change) => {
        const problem = makeChange(kernel, change);
        return problem === undefined ? [] : [[change, problem] as const];
      });
      return {
        failures: new Map(failures),
        vlans: { ok: true, value: tablesOf(kernel) },
        fdb: readBack.fdb.length === 0 ? undefined : fdb(readBack.fdb),
        ports: { ok: true, value: new Map(readBack.ports.map((bridge) => [bridge, namesOfPorts(kernel, bridge)])) },
      };
    },
    watch,
  };
}

/** What the kernel says where it refuses. */
export function makeChange(kernel: Kernel, change: Change): string | undefined {
  const link = kernel.links.get(change.port);
  if (!link) return `Cannot find device "${change.port}"`;
  if (!('mac' in change)) return kernel.changeVlans({ ...change, link, self: false, master: false });
  const { action, mac, vid } = change;
  // An entry lies in a VLAN that the port has, and so does one that is deleted (net/bridge/br_fdb.c).
  if (!link.vlans.has(vid)) return 'RTNETLINK answers: Invalid argument';
  if (action === 'fdb add') link.fdb.add(`${mac} ${vid}`);
  else if (!link.fdb.delete(`${mac} ${vid}`)) return 'RTNETLINK answers: No such file or directory';
  return undefined;
}

function namesOfPorts(kernel: Kernel, bridge: string): ReadonlySet<string> {
  return new Set(portsOf(kernel.links, bridge).map(({ name }) => name));
}

function bridgeOf(kernel: Kernel, name: string, only?: ReadonlySet<string>): Bridge {
  const { filtering, defaultPvid } = kernel.links.get(name) as Link;
  const ports = portsOf(kernel.links, name)
    .filter((port) => only?.has(port.name) ?? true)
    .map((port) => ({ name: port.name, mac: port.mac, tap: port.kind === 'tap' }))
    .sort((a, b) => compare(a.name, b.name));
  return { name, vlanFiltering: filtering, defaultPvid, vlanProtocol: '802.1Q', ports };
}

function tablesOf(kernel: Kernel): VlanTables {
  const withVlans = [...kernel.links.values()].filter(({ vlans }) => vlans.size > 0);
  return new Map(withVlans.map((link) => [link.name, tableOf(link)]));
}

/** A port's VLANs, or the bridge's own. */
export function tableOf({ vlans, pvid }: Pick<Link, 'vlans' | 'pvid'>): VlanTable {
  const rows = [...vlans].flatMap(([vid, untagged]) =>
    isVid(vid) ? [{ first: vid, last: vid, pvid: pvid === vid, untagged }] : [],
  );
  return vlanTable(rows);
}

function entriesOf({ fdb }: Link) {
  const found = new Map<string, Vids>();
  for (const entry of fdb) {
    const [mac = '', vid] = entry.split(' ');
    found.set(mac, vidsFrom([...(found.get(mac) ?? []), vidRange(Number(vid))]));
  }
  return found;
}
