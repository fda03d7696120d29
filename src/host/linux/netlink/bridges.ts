// The bridges of this machine by rtnetlink: what they and their ports are at one moment, in one dump; and changes of VLANs.
import type { VlanChange } from '../../../model/plan.ts';
import { type Bridge, type Port, vlanProtocolOf } from '../../../model/snapshot.ts';
import { type VlanTable, vlanTable } from '../../../model/vlan.ts';
import { changeRequest } from './changes.ts';
import { RTM_NEWLINK } from './constants.ts';
import { explainRefusal } from './errno.ts';
import type { Exchange } from './exchange.ts';
import {
  type BridgeFacts,
  type BridgeLink,
  bridgeLinksRequest,
  linkRequest,
  parseBridgeFacts,
  parseBridgeLink,
} from './links.ts';

/** What was read of the bridges, at one moment. */
export interface BridgesRead {
  /** Those of the named ones that exist, in the order of the names. */
  readonly bridges: readonly Bridge[];
  /** By port name, of all bridges, and the bridges' own; a port without any VLAN is not in it. */
  readonly vlans: ReadonlyMap<string, VlanTable>;
}

export interface ChangesMade {
  /** What the kernel said of those that it refused, for people. */
  readonly refused: ReadonlyMap<VlanChange, string>;
  /** Those whose answer did not come: they may be done or not. In their order. */
  readonly unanswered: readonly VlanChange[];
}

export interface NetlinkBridges {
  /** Throws NetlinkError where the kernel cannot be asked or is not understood. */
  read(names: readonly string[]): BridgesRead;
  /** Makes the changes, in their order, of ports as they were when last read. Throws NetlinkError where none could be asked for. */
  change(changes: readonly VlanChange[]): ChangesMade;
}

/** `isTap`: whether a link is a tun or tap device, asked once for each link that comes. */
export function createNetlinkBridges(exchange: Exchange, isTap: (name: string) => boolean): NetlinkBridges {
  let ports: ReadonlyMap<string, BridgeLink> = new Map();
  let taps: ReadonlyMap<number, boolean> = new Map();

  const dump = () => {
    let links: BridgeLink[] = [];
    const { parts } = exchange.dump(
      bridgeLinksRequest(),
      ({ type, payload }) => {
        const link = type === RTM_NEWLINK ? parseBridgeLink(payload) : undefined;
        if (link) links.push(link);
      },
      () => {
        links = [];
      },
    );
    return { links, parts };
  };

  // A link that goes while a dump is between two parts moves the rest up by one place, and the kernel leaves out the next
  // (rtnl_bridge_getlink counts places). So where one is missing, a second dump says whether it is gone.
  const links = (): readonly BridgeLink[] => {
    const { links: found, parts } = dump();
    if (parts <= 2) return found;
    const indexes = new Set(found.map((link) => link.index));
    const isWhole = [...ports.values()].every((port) => indexes.has(port.index));
    return isWhole ? found : dump().links;
  };

  const facts = (names: readonly string[]): ReadonlyMap<number, BridgeFacts> => {
    const found = new Map<number, BridgeFacts>();
    exchange.ask(names.map(linkRequest), (_, { type, payload }) => {
      const bridge = type === RTM_NEWLINK ? parseBridgeFacts(payload) : undefined;
      if (bridge) found.set(bridge.index, bridge);
    });
    return found;
  };

  return {
    read: (names) => {
      const settings = facts(names);
      const all = links();
      ports = byUniqueName(all);
      taps = new Map(all.map(({ index, name }) => [index, taps.get(index) ?? isTap(name)]));
      return { bridges: bridgesOf(names, all, settings, taps), vlans: tablesOf(all) };
    },
    change: (changes) => {
      const refused = new Map<VlanChange, string>();
      const known = changes.filter((change) => {
        if (ports.has(change.port)) return true;
        refused.set(change, 'the port was not there when the bridges were read');
        return false;
      });
      const requests = known.map((change) => changeRequest(ports.get(change.port)?.index ?? 0, change));
      const answers = exchange.ask(requests);
      for (const [i, change] of known.entries()) {
        const errno = answers[i];
        if (errno !== undefined && errno !== 0) refused.set(change, explainRefusal(errno));
      }
      return { refused, unanswered: known.filter((_, i) => answers[i] === undefined) };
    },
  };
}

function bridgesOf(
  names: readonly string[],
  links: readonly BridgeLink[],
  settings: ReadonlyMap<number, BridgeFacts>,
  taps: ReadonlyMap<number, boolean>,
): readonly Bridge[] {
  return names.flatMap((name): Bridge[] => {
    const bridge = links.find((link) => link.name === name && isBridge(link));
    if (!bridge) return [];
    const ports = links
      .filter((link) => link.master === bridge.index && !isBridge(link))
      .map(({ index, name: port, mac }): Port => ({ name: port, mac, tap: taps.get(index) ?? false }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    const { vlanFiltering, defaultPvid, vlanProtocol } = settings.get(bridge.index) ?? {};
    return [{ name, vlanFiltering, defaultPvid, vlanProtocol: vlanProtocolOf(vlanProtocol), ports }];
  });
}

function tablesOf(links: readonly BridgeLink[]): ReadonlyMap<string, VlanTable> {
  const withVlans = links.filter(({ vlans }) => vlans.length > 0);
  return new Map(withVlans.map(({ name, vlans }) => [name, vlanTable(vlans)]));
}

/** Names may hold bytes that are no text: two that look the same are no name to change anything by. */
function byUniqueName(links: readonly BridgeLink[]): ReadonlyMap<string, BridgeLink> {
  const byName = new Map<string, BridgeLink>();
  const twice = new Set<string>();
  for (const link of links) {
    if (byName.has(link.name)) twice.add(link.name);
    byName.set(link.name, link);
  }
  for (const name of twice) byName.delete(name);
  return byName;
}

function isBridge(link: BridgeLink): boolean {
  return link.master === link.index;
}
