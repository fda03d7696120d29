// Bridges and their ports from sysfs: Documentation/ABI/testing/sysfs-class-net, net/bridge/br_sysfs_br.c.
// sysfs and not `ip -j link`: a port without any VLAN is here too, and a thousand reads cost less than that one process.
import { parseMac } from '../../model/mac.ts';
import { type Bridge, orUndefined, type Port, type Reading, readingOf, vlanProtocolOf } from '../../model/snapshot.ts';
import type { ChangesMade, Host, Standing } from '../host.ts';

const NET = '/sys/class/net';

type Sysfs = Pick<Host, 'stat' | 'readText' | 'list'>;

/** A reader of the named bridges; one that does not exist is left out. `only`: these ports and no others. */
export function createLinkReader(
  host: Sysfs,
): (bridges: readonly string[], only?: ReadonlySet<string>) => Reading<readonly Bridge[]> {
  // Whether a name is a tap, remembered while the port stays.
  let taps: ReadonlyMap<string, boolean> = new Map();
  return (bridges, only) => {
    const seen = new Map<string, boolean>();
    const readPort = (name: string): Port | undefined => {
      try {
        // Before its address, which a tap that goes in between does not have: it is not remembered as something else.
        const tap = taps.get(name) ?? host.stat(`${NET}/${name}/tun_flags`) !== undefined;
        const mac = parseMac(host.readText(`${NET}/${name}/address`));
        seen.set(name, tap);
        return { name, mac, tap };
      } catch (error) {
        // Gone since the folder was listed: no port any more.
        if (isGone(error)) return undefined;
        return { name, mac: undefined, tap: false };
      }
    };
    const found = readingOf(() =>
      bridges.flatMap((name): Bridge[] => {
        const ports = host.list(`${NET}/${name}/brif`);
        if (!ports) return [];
        const wanted = only ? ports.filter((port) => only.has(port)) : ports;
        return [
          {
            name,
            vlanFiltering: readFiltering(host, name),
            defaultPvid: readNumber(host, `${NET}/${name}/bridge/default_pvid`),
            vlanProtocol: vlanProtocolOf(readNumber(host, `${NET}/${name}/bridge/vlan_protocol`)),
            ports: wanted.map(readPort).filter((port) => port !== undefined),
          },
        ];
      }),
    );
    if (found.ok && !only) taps = seen;
    return found;
  };
}

/** Two looks for each bridge, however many ports it has. */
export function readStanding(host: Sysfs, bridges: readonly string[]): Reading<ReadonlyMap<string, Standing>> {
  return readingOf(() => {
    const found = bridges.flatMap((name): [string, Standing][] => {
      const ports = host.list(`${NET}/${name}/brif`);
      return ports ? [[name, { vlanFiltering: readFiltering(host, name), ports: new Set(ports) }]] : [];
    });
    return new Map(found);
  });
}

/** Names of the ports of these bridges; none where there is no such bridge. */
export function readPorts(host: Sysfs, bridges: readonly string[]): ChangesMade['ports'] {
  const portsOf = (bridge: string) => new Set(host.list(`${NET}/${bridge}/brif`));
  return readingOf(() => new Map(bridges.map((bridge) => [bridge, portsOf(bridge)])));
}

/** Whether there is a bridge of this name. Throws Error where sysfs cannot be read. */
export function isBridge(host: Sysfs, name: string): boolean {
  return host.stat(`${NET}/${name}/bridge`) !== undefined;
}

/** Whether there is a network interface of this name. Throws Error where sysfs cannot be read. */
export function isLink(host: Sysfs, name: string): boolean {
  return host.stat(`${NET}/${name}`) !== undefined;
}

/** Names of all bridges of the host, sorted. Throws Error where sysfs cannot be read. */
export function listBridges(host: Sysfs): readonly string[] {
  return (host.list(NET) ?? []).filter((name) => isBridge(host, name));
}

function readFiltering(host: Sysfs, bridge: string): boolean | undefined {
  const n = readNumber(host, `${NET}/${bridge}/bridge/vlan_filtering`);
  return n === undefined ? undefined : n !== 0;
}

function readNumber(host: Sysfs, path: string): number | undefined {
  const text = orUndefined(() => host.readText(path).trim()) ?? '';
  return /^(\d+|0x[\da-f]+)$/i.test(text) ? Number(text) : undefined;
}

// A file of a device that is going away answers ENODEV or EINVAL, not only ENOENT.
function isGone(error: unknown): boolean {
  return ['ENOENT', 'ENODEV', 'ENXIO', 'EINVAL'].includes((error as NodeJS.ErrnoException).code ?? '');
}
