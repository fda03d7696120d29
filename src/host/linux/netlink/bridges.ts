// The bridges of this machine by rtnetlink: what they and their ports are at one moment, in one dump; FDB entries; and changes of both.
import { compare } from '../../../model/order.ts';
import { type Change, isVlanChange } from '../../../model/plan.ts';
import { type Bridge, type Fdb, type Port, vlanProtocolOf } from '../../../model/snapshot.ts';
import { type VidRange, type Vids, type VlanTable, vid, vidRange, vidsFrom } from '../../../model/vlan.ts';
import { changeRequest } from './changes.ts';
import { RTM_NEWLINK, RTM_NEWNEIGH } from './constants.ts';
import { explainRefusal } from './errno.ts';
import { type Dump, type Exchange, NetlinkError } from './exchange.ts';
import { type FdbEntry, fdbChangeRequest, fdbRequest, parseFdbEntry } from './fdb.ts';
import {
  type BridgeFacts,
  type BridgeLink,
  bridgeLinksRequest,
  createBridgeLinkParser,
  linkRequest,
  parseBridgeFacts,
} from './links.ts';
import type { Message } from './message.ts';
import { stagesOf, type Together } from './stages.ts';

/** What was read of the bridges, at one moment. */
export interface KernelRead {
  /** Those of the named ones that exist, in the order of the names. */
  readonly bridges: readonly Bridge[];
  /** By port name, of all bridges, and the bridges' own; a port without any VLAN is not in it. */
  readonly vlans: ReadonlyMap<string, VlanTable>;
}

export interface KernelChanges {
  /** What the kernel said of those that it refused, for people. */
  readonly refused: ReadonlyMap<Change, string>;
  /** Those whose answer did not come: they may be done or not. In their order. */
  readonly unanswered: readonly Change[];
}

export interface NetlinkBridges {
  /** Throws NetlinkError where the kernel cannot be asked or is not understood. */
  read(names: readonly string[]): KernelRead;
  /** The static entries of these ports, as they were when last read. One that is gone has none. Throws NetlinkError. */
  fdb(names: readonly string[]): Fdb;
  /** Makes the changes, in their order, of ports as they were when last read. Throws NetlinkError where none could be asked for. */
  change(changes: readonly Change[]): KernelChanges;
}

// A bridge's answer and its acknowledgement take some 5 KiB of the socket's receive buffer, which has 208 KiB by default.
const LINKS_AT_ONCE = 16;

/** `isTap`: whether a link is a tun or tap device, asked once for each link that comes. */
export function createNetlinkBridges(exchange: Exchange, isTap: (name: string) => boolean): NetlinkBridges {
  let ports: ReadonlyMap<string, BridgeLink> = new Map();
  let taps: ReadonlyMap<number, boolean> = new Map();

  const parser = createBridgeLinkParser();
  let entries: ReadonlyMap<number, readonly FdbEntry[]> = new Map();

  // What goes while a dump is between two parts moves the rest up by one place, and the kernel leaves out the next (rtnl_bridge_getlink
  // and br_fdb_dump count places). So where one of the last reading is missing, a second dump says whether it is gone.
  const dumpWhole = <T>(ask: () => Dump<T>, before: Iterable<T>, key: (one: T) => unknown) => {
    const { found, parts } = ask();
    if (parts <= 2) return found;
    const keys = new Set(found.map(key));
    for (const one of before) if (!keys.has(key(one))) return ask().found;
    return found;
  };

  const links = (): readonly BridgeLink[] => {
    const ask = () => exchange.dump(bridgeLinksRequest(), RTM_NEWLINK, parser.parse);
    const found = dumpWhole(ask, ports.values(), ({ index }) => index);
    // And what comes while a dump is between two parts moves the rest down: the next is listed once more.
    return [...new Map(found.map((link) => [link.index, link])).values()];
  };

  const entriesOf = ({ index, master }: BridgeLink): readonly FdbEntry[] => {
    const ask = () => exchange.dump(fdbRequest(index, master), RTM_NEWNEIGH, parseFdbEntry);
    try {
      return dumpWhole(ask, entries.get(index) ?? [], ({ mac, vid }) => `${mac} ${vid}`);
    } catch (error) {
      if (error instanceof NetlinkError && error.code === 'ENODEV') return [];
      throw error;
    }
  };

  const facts = (names: readonly string[]): ReadonlyMap<number, BridgeFacts> => {
    const found = new Map<number, BridgeFacts>();
    const visit = (_: number, { type, payload }: Message) => {
      const bridge = type === RTM_NEWLINK ? parseBridgeFacts(payload) : undefined;
      if (bridge) found.set(bridge.index, bridge);
    };
    for (let from = 0; from < names.length; from += LINKS_AT_ONCE)
      exchange.ask(names.slice(from, from + LINKS_AT_ONCE).map(linkRequest), visit);
    return found;
  };

  return {
    read: (names) => {
      const settings = facts(names);
      parser.next();
      const all = links();
      ports = byUniqueName(all);
      taps = new Map(all.map(({ index, name }) => [index, taps.get(index) ?? isTap(name)]));
      return { bridges: bridgesOf(names, all, settings, taps), vlans: tablesOf(all) };
    },
    fdb: (names) => {
      const known = [...new Set(names)].flatMap((name) => ports.get(name) ?? []);
      entries = new Map(known.map((link) => [link.index, entriesOf(link)]));
      return fdbOf([...entries.values()].flat(), ports);
    },
    change: (changes) => {
      const refused = new Map<Change, string>();
      const unanswered = new Set<Change>();
      const known = changes.filter((change) => {
        if (ports.has(change.port)) return true;
        refused.set(change, 'the port was not there when the bridges were read');
        return false;
      });
      /** Returns the changes of requests of several that the kernel refused: which of them, and why, it does not say. */
      const ask = (requests: readonly Together[]): readonly Change[] => {
        // Those of a port are made in their order: nothing goes before what may have to be done yet.
        if (unanswered.size > 0) {
          for (const change of requests.flat()) unanswered.add(change);
          return [];
        }
        const answers = exchange.ask(requests.map((together) => requestFor(ports, together)));
        return requests.flatMap((together, i) => {
          const errno = answers[i];
          if (errno === undefined) for (const change of together) unanswered.add(change);
          else if (errno !== 0 && together.length > 1) return together;
          else if (errno !== 0) refused.set(together[0], explainRefusal(errno));
          return [];
        });
      };
      for (const stage of stagesOf(known)) {
        const again = ask(stage);
        if (again.length > 0) ask(again.map((change): Together => [change]));
      }
      return { refused, unanswered: known.filter((change) => unanswered.has(change)) };
    },
  };
}

function requestFor(ports: ReadonlyMap<string, BridgeLink>, together: Together): Buffer {
  const [first, ...more] = together;
  const index = ports.get(first.port)?.index ?? 0;
  if ('mac' in first) return fdbChangeRequest(first.action, { index, mac: first.mac, vid: vid(first.vid) });
  return changeRequest(index, first, ...more.filter(isVlanChange));
}

function fdbOf(entries: readonly FdbEntry[], ports: ReadonlyMap<string, BridgeLink>): Fdb {
  const names = new Map([...ports.values()].map(({ index, name }) => [index, name]));
  const found = new Map<string, Map<string, VidRange[]>>();
  for (const { index, mac, vid } of entries) {
    const name = names.get(index);
    // The port came since the bridges were read.
    if (name === undefined) continue;
    const ofPort = found.get(name) ?? new Map<string, VidRange[]>();
    found.set(name, ofPort);
    ofPort.set(mac, [...(ofPort.get(mac) ?? []), vidRange(vid)]);
  }
  const asSets = (macs: ReadonlyMap<string, VidRange[]>) =>
    new Map([...macs].map(([mac, ranges]): [string, Vids] => [mac, vidsFrom(ranges)]));
  return new Map([...found].map(([name, macs]) => [name, asSets(macs)]));
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
      .sort((a, b) => compare(a.name, b.name));
    const { vlanFiltering, defaultPvid, vlanProtocol } = settings.get(bridge.index) ?? {};
    return [{ name, vlanFiltering, defaultPvid, vlanProtocol: vlanProtocolOf(vlanProtocol), ports }];
  });
}

function tablesOf(links: readonly BridgeLink[]): ReadonlyMap<string, VlanTable> {
  const withVlans = links.filter(({ vlans }) => vlans.length > 0);
  return new Map(withVlans.map(({ name, vlans }) => [name, vlans]));
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
