// The kernel's part of the simulated host: links, and the VLAN table of each bridge port by the kernel's own rules.
// Follows net/bridge/br_vlan.c, br_netlink.c and net/core/rtnetlink.c (rtnl_bridge_setlink) of Linux 6.1, and is held
// against a real 6.1 kernel, command by command, in test/lab.

export interface Link {
  readonly name: string;
  readonly ifindex: number;
  readonly kind: 'bridge' | 'tap' | 'device';
  mac: string;
  /** The bridge it is a port of. */
  master: string | undefined;
  /** VLAN id → frames leave untagged. Of a port, or of the bridge itself. */
  readonly vlans: Map<number, boolean>;
  /** Static FDB entries of a port, as `MAC VLAN`. */
  readonly fdb: Set<string>;
  /** 0 = none. */
  pvid: number;
  /** Of a bridge. */
  filtering: boolean;
  /** Of a bridge; 0 = none. */
  defaultPvid: number;
}

const NO_MAC = '00:00:00:00:00:00';

/** One VLAN request as `bridge vlan add|del` sends it. */
export interface VlanRequest {
  readonly action: 'add' | 'delete';
  readonly link: Link;
  readonly first: number;
  readonly last: number;
  readonly pvid: boolean;
  readonly untagged: boolean;
  readonly self: boolean;
  readonly master: boolean;
}

export interface Kernel {
  /** By name, in the order of ifindex. */
  readonly links: ReadonlyMap<string, Link>;
  addLink(name: string, kind: Link['kind'], mac: string): Link;
  removeLink(name: string): void;
  /** Puts a link on a bridge (it leaves its old one), or takes it off with undefined. Nothing happens where it is there already. */
  setMaster(name: string, bridge: string | undefined): void;
  setFiltering(bridge: string, on: boolean): void;
  /** Throws Error where the kernel refuses: filtering is on. */
  setDefaultPvid(bridge: string, vid: number): void;
  /** What iproute2 prints on stderr where the kernel refuses; undefined where it did it. */
  changeVlans(request: VlanRequest): string | undefined;
}

/** A kernel without any link. `changed` is called at each change that `ip monitor link` would print. */
export function createKernel(changed: () => void): Kernel {
  const links = new Map<string, Link>();
  let lastIfindex = 0;

  const find = (name: string): Link => {
    const link = links.get(name);
    if (!link) throw new Error(`simulated host: no link ${name}`);
    return link;
  };

  const leave = (link: Link) => {
    const bridge = link.master;
    link.vlans.clear();
    link.fdb.clear();
    link.pvid = 0;
    link.master = undefined;
    if (bridge !== undefined) find(bridge).mac = bridgeMac(portsOf(links, bridge));
    changed();
  };

  return {
    links,
    addLink(name, kind, mac) {
      if (links.has(name)) throw new Error(`simulated host: link ${name} exists`);
      lastIfindex += 1;
      const link: Link = {
        name,
        ifindex: lastIfindex,
        kind,
        mac,
        master: undefined,
        vlans: new Map(),
        fdb: new Set(),
        pvid: 0,
        filtering: false,
        defaultPvid: kind === 'bridge' ? 1 : 0,
      };
      links.set(name, link);
      if (kind === 'bridge') addVlan(link, 1, true, true);
      changed();
      return link;
    },
    removeLink(name) {
      const link = find(name);
      for (const port of portsOf(links, name)) leave(port);
      if (link.master !== undefined) leave(link);
      links.delete(name);
      changed();
    },
    setMaster(name, bridge) {
      const link = find(name);
      if (link.master === bridge) return;
      if (link.master !== undefined) leave(link);
      if (bridge === undefined) return;
      const master = find(bridge);
      link.master = bridge;
      master.mac = bridgeMac(portsOf(links, bridge));
      if (master.defaultPvid !== 0) addVlan(link, master.defaultPvid, true, true);
      changed();
    },
    setFiltering(bridge, on) {
      const link = find(bridge);
      link.filtering = on;
      changed();
    },
    setDefaultPvid(bridge, vid) {
      const link = find(bridge);
      if (link.filtering && vid !== link.defaultPvid) throw new Error('Operation not permitted');
      const old = link.defaultPvid;
      if (vid === old) return;
      replaceDefault(link, old, vid);
      for (const port of portsOf(links, bridge)) replaceDefault(port, old, vid);
      link.defaultPvid = vid;
      changed();
    },
    changeVlans(request) {
      const { link, self, master } = request;
      if (master || !self) {
        if (link.master === undefined) return 'RTNETLINK answers: Operation not supported';
        const problem = changeTable(request);
        if (problem !== undefined) return problem;
        changed();
      }
      if (self) {
        if (link.kind !== 'bridge') return 'RTNETLINK answers: Operation not supported';
        const problem = changeTable(request);
        if (problem !== undefined) return problem;
        changed();
      }
      return undefined;
    },
  };
}

/** Ports of a bridge, in the order of ifindex. */
export function portsOf(links: ReadonlyMap<string, Link>, bridge: string): readonly Link[] {
  return [...links.values()].filter((link) => link.master === bridge);
}

/** As br_stp_recalculate_bridge_id: a bridge has the lowest MAC of its ports, and none when the last one left. */
function bridgeMac(ports: readonly Link[]): string {
  return ports.map((port) => port.mac).sort()[0] ?? NO_MAC;
}

function changeTable({ action, link, first, last, pvid, untagged }: VlanRequest): string | undefined {
  if (first < 1 || last > 4094) {
    // RTM_DELLINK carries no extended acknowledgement in the bridge driver.
    return action === 'add' ? 'Error: bridge: Vlan id is invalid.' : 'RTNETLINK answers: Invalid argument';
  }
  for (let vid = first; vid <= last; vid += 1) {
    if (action === 'delete') deleteVlan(link, vid);
    else if (!canAdd(link, vid)) return 'RTNETLINK answers: Invalid argument';
    else addVlan(link, vid, pvid, untagged);
  }
  return undefined;
}

/** A new VLAN needs an entry for the device's own MAC in the forwarding table (br_fdb_add_local). */
function canAdd(link: Link, vid: number): boolean {
  return link.mac !== NO_MAC || link.vlans.has(vid);
}

/** Replaces the flags of an entry that exists: the PVID's VLAN added without `pvid` is no PVID any more. */
function addVlan(link: Link, vid: number, pvid: boolean, untagged: boolean) {
  link.vlans.set(vid, untagged);
  if (pvid) link.pvid = vid;
  else if (link.pvid === vid) link.pvid = 0;
}

function deleteVlan(link: Link, vid: number) {
  link.vlans.delete(vid);
  if (link.pvid === vid) link.pvid = 0;
}

/** As __br_vlan_set_default_pvid: only where it does not conflict with what someone has set. */
function replaceDefault(link: Link, old: number, next: number) {
  const hasOld = old !== 0 && link.pvid === old && link.vlans.get(old) === true;
  if (old !== 0 && !hasOld) return;
  if (next !== 0) {
    if (link.vlans.has(next)) return;
    if (!canAdd(link, next)) throw new Error('Invalid argument');
    addVlan(link, next, true, true);
  }
  if (old !== 0) deleteVlan(link, old);
}
