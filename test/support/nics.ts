// A host with one bridge and running VMs, from a list of their interfaces.
import { tapMac } from '../../src/model/mac.ts';
import type { Interface, LibvirtVlan, Snapshot } from '../../src/model/snapshot.ts';
import { parseTable } from '../../src/model/vlan.ts';

export interface Nic {
  readonly domain: string;
  readonly table: string;
  readonly network?: string | undefined;
  /** <vlan> with this one tag. */
  readonly tag?: string | undefined;
  /** <vlan> as a whole, in place of `tag`. */
  readonly vlan?: LibvirtVlan | undefined;
  /** The last digit of its MAC; its place in the list, where it has none of its own. */
  readonly mac?: number | undefined;
  /** Not of a VM: a port that leads out of the host. */
  readonly uplink?: true;
}

/** The bridge br0, with vnet0 for the first interface; uplinks are eno0 and on, by their place. */
export function snapshotOf(...nics: readonly Nic[]): Snapshot {
  const ports = nics.map(({ mac, uplink }, i) => {
    const guest = `52:54:00:00:00:0${mac ?? i}`;
    return { name: `${uplink ? 'eno' : 'vnet'}${i}`, guest, mac: tapMac(guest), tap: !uplink };
  });
  const byDomain = new Map<string, Interface[]>();
  nics.forEach(({ domain, network, tag, vlan, uplink }, i) => {
    if (uplink) return;
    const iface: Interface = {
      mac: ports[i]?.guest ?? '',
      target: ports[i]?.name,
      bridge: 'br0',
      skipped: undefined,
      network,
      vlan: vlan ?? (tag === undefined ? undefined : { tags: [{ id: tag }] }),
    };
    byDomain.set(domain, [...(byDomain.get(domain) ?? []), iface]);
  });
  return {
    takenAt: 0,
    links: {
      ok: true,
      value: [
        {
          name: 'br0',
          vlanFiltering: true,
          defaultPvid: 1,
          ports: ports.map(({ name, mac, tap }) => ({ name, mac, tap })),
        },
      ],
    },
    vlans: { ok: true, value: new Map(nics.map(({ table }, i) => [ports[i]?.name ?? '', parseTable(table)])) },
    domains: {
      ok: true,
      value: [...byDomain].map(([name, interfaces]) => ({
        name,
        uuid: undefined,
        state: 'running' as const,
        interfaces,
      })),
    },
    collectors: [],
  };
}
