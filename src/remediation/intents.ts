// What was accepted of each vnet, whatever source it came from: a change of a domain's <vlan> or metadata, or of what the config makes
// of it, is seen by that. Kept by domain and MAC, so that neither a restart of the VM nor of the remediator forgets it. Pure.
import { groupBy } from '../model/group-by.ts';
import type { Report, VnetReport } from '../model/report.ts';
import type { Domain, Interface } from '../model/snapshot.ts';
import { formatTable } from '../model/vlan.ts';

/** The expected table, as `formatTable` writes it, by bridge, domain and MAC; all of them where a domain has that MAC more than once. */
export type Intents = Readonly<Record<string, string>>;

const BETWEEN = ' / ';

/** Whether something else was accepted of this vnet. False for one that is seen for the first time, or whose intent is undecided. */
export function hasChanged(intents: Intents, vnet: VnetReport): boolean {
  const accepted = acceptedAs(intents, keyOf(vnet));
  return accepted.length > 0 && !vnet.expected.undecided && !accepted.includes(formatTable(vnet.expected.table));
}

/** What all these vnets expect now. */
export function intentsOf(vnets: readonly VnetReport[]): Intents {
  const entries = [...groupBy(vnets, keyOf)].map(([key, twins]) => [key, tablesOf(twins).join(BETWEEN)] as const);
  return Object.fromEntries(entries);
}

/** The intents with those of the report's vnets that `fits` says; of all others that are seen for the first time, too. */
export function accept(intents: Intents, report: Report, fits: (vnet: VnetReport) => boolean): Intents {
  const next = new Map(Object.entries(intents));
  const vnets = report.bridges.flatMap((bridge) => bridge.vnets);
  for (const [key, twins] of groupBy(vnets, keyOf)) {
    const taken = twins.filter((vnet) => !vnet.expected.undecided && (!next.has(key) || fits(vnet)));
    const left = taken.length < twins.length ? acceptedAs(intents, key) : [];
    if (taken.length > 0) next.set(key, [...new Set([...left, ...tablesOf(taken)])].join(BETWEEN));
  }
  return Object.fromEntries(next);
}

function acceptedAs(intents: Intents, key: string): readonly string[] {
  return intents[key]?.split(BETWEEN) ?? [];
}

function tablesOf(vnets: readonly VnetReport[]): readonly string[] {
  return [...new Set(vnets.map((vnet) => formatTable(vnet.expected.table)))].sort();
}

/**
 * The intents without those of domains that libvirt does not know any more, and of interfaces that a domain does not have any more:
 * whoever plugs and unplugs one with ever new MACs leaves nothing behind.
 */
export function forgetGone(intents: Intents, domains: readonly Domain[]): Intents {
  return keep(intents, new Set(stillThere(Object.keys(intents), domains, 'anywhere')));
}

/** Those of these keys. */
export function keep(intents: Intents, keys: ReadonlySet<string>): Intents {
  return Object.fromEntries(Object.entries(intents).filter(([key]) => keys.has(key)));
}

/** Neither a bridge nor a domain can have a slash in its name. */
export function keyOf({ bridge, domain, mac }: Pick<VnetReport, 'bridge' | 'domain' | 'mac'>): string {
  return `${bridge}/${domain}/${mac}`;
}

export function bridgeOf(key: string): string {
  return key.slice(0, key.indexOf('/'));
}

/**
 * Those of these keys whose interface its domain still has. `on its bridge`: and that may be on the key's bridge; only live XML says of
 * each interface on which one it is.
 */
export function stillThere(
  keys: readonly string[],
  domains: readonly Domain[],
  where: 'anywhere' | 'on its bridge' = 'on its bridge',
): readonly string[] {
  const byName = new Map(domains.map((domain) => [domain.name, domain]));
  return keys.filter((key) => {
    const [bridge, name = '', mac] = key.split('/');
    const domain = byName.get(name);
    if (domain?.state === 'unknown') return true;
    const mayBeOnIt = (iface: Interface) =>
      iface.bridge === bridge ||
      iface.ethernet !== undefined ||
      (iface.bridge === undefined && domain?.state !== 'running');
    return domain?.interfaces.some((iface) => iface.mac === mac && (where === 'anywhere' || mayBeOnIt(iface)));
  });
}
