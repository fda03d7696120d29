// A policy proposed from what runs now: vnets with the same table become one rule, the most common table the bridge's default.
// What no policy can demand (a port without VLANs, a tagged PVID) is left out and told, for it looks like drift. A vnet whose domain
// says its VLANs by libvirt's <vlan> needs no rule; vnets of one libvirt network that are alike become one rule for the network.
import { groupBy } from '../model/group-by.ts';
import { compare } from '../model/order.ts';
import { type Bridge, readErrors, type Snapshot } from '../model/snapshot.ts';
import {
  formatTable,
  isVid,
  pvidOf,
  sameTable,
  tableFrom,
  type Vids,
  type VlanTable,
  vidRange,
  vidsFrom,
  vidsWithout,
} from '../model/vlan.ts';
import { type Match, type Matching, matchPorts } from '../policy/match.ts';
import { askedBy, saysItself, whyDrifted } from './infer-vlan.ts';
import { type ProposedBridge, type ProposedRule, renderProposal } from './infer-yaml.ts';

export interface Proposal {
  /** A config file; undefined where there is nothing to propose. */
  readonly text: string | undefined;
  /** What is not in it, and why, for people. */
  readonly leftOut: readonly string[];
}

/** Proposes a config for the snapshot's bridges that filter and have vnets. */
export function inferConfig(snapshot: Snapshot): Proposal {
  const { links, vlans, domains } = snapshot;
  if (!links.ok || !vlans.ok || !domains.ok) return { text: undefined, leftOut: readErrors(snapshot) };
  const parts = links.value.map((bridge) => {
    const matching = matchPorts(bridge, domains.value);
    const part = inferBridge(bridge, matching.matches, vlans.value);
    return bridge.vlanFiltering ? { ...part, leftOut: [...part.leftOut, ...ownerless(bridge.name, matching)] } : part;
  });
  const bridges = parts.flatMap((part) => part.bridge ?? []);
  return {
    text: bridges.length > 0 ? renderProposal(bridges) : undefined,
    leftOut: [
      ...parts.flatMap((part) => part.leftOut),
      ...domains.value.flatMap(({ state, problem }) => (state === 'unknown' && problem ? [problem] : [])),
    ],
  };
}

/** Taps whose domain is not known: a rule for it may be missing. */
function ownerless(bridge: string, { ambiguous, unmatched }: Matching): readonly string[] {
  const taps = [...ambiguous.map(({ port }) => port), ...unmatched].filter(({ tap }) => tap);
  return taps.map(({ name }) => `${bridge}: ${name}: its domain is not known, so no rule is proposed for it`);
}

interface Part {
  readonly bridge: ProposedBridge | undefined;
  readonly leftOut: readonly string[];
}

/** A vnet whose table a policy can demand. */
interface Learned {
  readonly domain: string;
  readonly mac: string;
  readonly table: VlanTable;
  /** The table as text. */
  readonly key: string;
  readonly network: string | undefined;
}

function inferBridge(bridge: Bridge, matches: readonly Match[], tables: ReadonlyMap<string, VlanTable>): Part {
  if (!bridge.vlanFiltering) {
    const why =
      bridge.vlanFiltering === undefined ? 'whether it filters VLANs could not be read' : 'does not filter VLANs';
    return { bridge: undefined, leftOut: [`${bridge.name}: ${why}`] };
  }
  const saying = matches.filter(({ owner }) => saysItself(owner));
  const leftOut = saying.flatMap((match) => {
    const why = whyDrifted(match, tables.get(match.port.name) ?? []);
    return why ? [`${bridge.name}: ${match.port.name} of ${match.owner.domain.name}: ${why}`] : [];
  });
  // What one says of itself is for no other: a VM that says nothing would be put into its VLAN.
  const silent = matches.filter(({ owner }) => !saysItself(owner));
  const unlearned: Match[] = [];
  const subjects = silent.flatMap((match): Learned[] => {
    const { port, owner } = match;
    const table = tables.get(port.name) ?? [];
    const why = whyInexpressible(table) ?? whyUnnameable(owner.domain.name);
    if (!why) return [subjectOf(owner, table)];
    leftOut.push(`${bridge.name}: ${port.name} of ${owner.domain.name}: ${why}`);
    unlearned.push(match);
    return [];
  });
  const [standard, ...others] = groupsBySize(subjects);
  const own = standard
    ? ownFrom(standard[0].table)
    : saying.length > 0
      ? ownByDefault(bridge)
      : 'no vnet to learn from';
  if (typeof own === 'string') return { bridge: undefined, leftOut: [...leftOut, `${bridge.name}: ${own}`] };
  const { rules, clashes } = standard
    ? rulesFor(subjects, standard, others, own.vlans, saying, unlearned)
    : { rules: [], clashes: [] };
  leftOut.push(...clashes.map((text) => `${bridge.name}: ${text}`));
  const used = [
    ...subjects.map(({ table }) => table),
    ...saying.map(askedBy),
    ...(silent.length > 0 ? [tableFrom(own.vlans, own.pvid)] : []),
  ];
  const counts = { vnets: saying.length, of: matches.length };
  const proposed: ProposedBridge = {
    name: bridge.name,
    ...own,
    support: standard && { vnets: standard.length, of: subjects.length },
    intent: saying.length > 0 ? { sources: rules.length > 0 ? ['rules', 'vlan'] : ['vlan'], ...counts } : undefined,
    ...uplinksOf(bridge, tables, vidsFrom(used.flat())),
    rules,
  };
  return { bridge: proposed, leftOut };
}

/** What the bridge wants of the vnets of which nothing else speaks. */
type Own = Pick<ProposedBridge, 'vlans' | 'pvid'>;

function ownFrom(table: VlanTable): Own {
  const pvid = pvidOf(table);
  return { vlans: vidsWithout(table, pvid === undefined ? [] : [vidRange(pvid)]), pvid };
}

// Where none can be learned from but by its <vlan>: what the kernel gives a port that joins. Or why that is nothing.
function ownByDefault({ defaultPvid }: Bridge): Own | string {
  if (defaultPvid !== undefined && isVid(defaultPvid)) return { vlans: [], pvid: defaultPvid };
  const why = defaultPvid === undefined ? 'could not be read' : 'is none';
  return `no vnet but by <vlan> shows what it is to have, and the default PVID, for others, ${why}; write the bridge yourself: vlans: [], intent: [vlan], and as pvid a VLAN that is used nowhere`;
}

function subjectOf({ domain, iface }: Match['owner'], table: VlanTable): Learned {
  return { domain: domain.name, mac: iface.mac, table, key: formatTable(table), network: iface.network };
}

// Why no policy can ask for this table.
function whyInexpressible(table: VlanTable): string | undefined {
  if (table.length === 0) return 'it has no VLAN at all';
  return sameTable(table, tableFrom(table, pvidOf(table))) ? undefined : 'the PVID is tagged, or another VLAN untagged';
}

function whyUnnameable(domain: string): string | undefined {
  if (/[*?]/.test(domain)) return 'its name would be a glob';
  return /[/\p{Cc}]/u.test(domain) ? 'no rule can have its name, for a slash or a control character in it' : undefined;
}

type Group = readonly [Learned, ...Learned[]];

// The largest first; equally large ones in the order of their keys, so that the same host gives the same file.
function groupsBySize(subjects: readonly Learned[]): readonly Group[] {
  const groups = groupBy(subjects, ({ key }) => key);
  return [...groups].sort(([a, x], [b, y]) => y.length - x.length || compare(a, b)).map(([, group]) => group);
}

/** Networks whose vnets are alike, two at least, and not as the bridge's other vnets; none of them is of `unlike`. By name. */
function alikeNetworks(
  all: readonly Learned[],
  standard: Group,
  unlike: readonly Match[],
): readonly (readonly [string, Group])[] {
  const unlikeIn = new Set(unlike.map(({ owner }) => owner.iface.network));
  return [...groupBy(all, ({ network = '' }) => network)]
    .filter(([name]) => name !== '' && !whyUnnameable(name))
    .filter(
      ([name, group]) => !unlikeIn.has(name) && group.length > 1 && new Set(group.map(({ key }) => key)).size === 1,
    )
    .filter(([, [first]]) => first.key !== standard[0].key)
    .sort(([a], [b]) => compare(a, b));
}

function rulesFor(
  every: readonly Learned[],
  standard: Group,
  others: readonly Group[],
  vlans: Vids,
  saying: readonly Match[],
  unlearned: readonly Match[],
): { readonly rules: readonly ProposedRule[]; readonly clashes: readonly string[] } {
  // A rule is for the vnets that it was learned from, and not for others of their domain or network.
  const unlike = [...saying, ...unlearned];
  const alike = alikeNetworks(every, standard, unlike);
  const covered = new Set(alike.flatMap(([, group]) => group));
  const all = every.filter((subject) => !covered.has(subject));
  // A domain whose vnets differ needs a rule for each of its MACs, before those for whole domains.
  const differs = (of: readonly Learned[]) => new Set(of.map(({ key }) => key)).size > 1;
  const byDomain = [...groupBy(all, ({ domain }) => domain)];
  const differing = new Set(byDomain.filter(([, of]) => differs(of)).map(([domain]) => domain));
  const unlikeIn = new Set(unlike.map(({ owner }) => owner.domain.name));
  const isMixed = ({ domain, key }: Learned) =>
    differing.has(domain) || (unlikeIn.has(domain) && key !== standard[0].key);
  const names = new Set<string>();
  const clashes: string[] = [];
  const rules: ProposedRule[] = [];
  const add = (name: string, selectors: Pick<ProposedRule, 'networks' | 'domains' | 'mac'>, subject: Learned) => {
    const pvid = pvidOf(subject.table);
    const isOfBridge = sameTable(subject.table, tableFrom(vlans, pvid));
    const demand = { vlans: isOfBridge ? undefined : vidsFrom(subject.table), pvid };
    rules.push({ name: unique(name, names), ...selectors, ...demand });
  };
  for (const [network, [subject]] of alike) add(`network-${network}`, { networks: [network] }, subject);
  const byMac = new Map<string, Learned>();
  const sayingTwins = groupBy(saying, ({ owner }) => idOf(owner.domain.name, owner.iface.mac));
  for (const subject of [standard, ...others]
    .flat()
    .filter((s) => !covered.has(s) && isMixed(s))
    .sort(byDomainAndMac)) {
    const id = idOf(subject.domain, subject.mac);
    // A rule for the MAC would be for the twin too.
    if (sayingTwins.get(id)?.some((twin) => !sameTable(askedBy(twin), subject.table))) {
      if (subject.key !== standard[0].key)
        clashes.push(`${sameMac(subject)}, one by <vlan>: no rule is proposed for the other`);
      continue;
    }
    const earlier = byMac.get(id);
    if (earlier === undefined) add(id, { domains: [subject.domain], mac: subject.mac }, subject);
    else if (earlier.key !== subject.key) clashes.push(sameMac(subject));
    byMac.set(id, earlier ?? subject);
  }
  for (const group of others) {
    const domains = [
      ...new Set(
        group.filter((subject) => !covered.has(subject) && !isMixed(subject)).map((subject) => subject.domain),
      ),
    ].sort();
    if (domains.length > 0) add(`pvid-${pvidOf(group[0].table) ?? 'none'}`, { domains }, group[0]);
  }
  return { rules, clashes };
}

function idOf(domain: string, mac: string): string {
  return `${domain} ${mac}`;
}

function sameMac({ domain, mac }: Learned): string {
  return `two vnets of ${domain} have the MAC ${mac} and differ`;
}

// Ports that are no taps lead out of the host.
function uplinksOf(
  bridge: Bridge,
  tables: ReadonlyMap<string, VlanTable>,
  inUse: Vids,
): Pick<ProposedBridge, 'uplinks' | 'unfit'> {
  const candidates = bridge.ports.filter((port) => !port.tap).map((port) => port.name);
  const carries = (name: string) => vidsWithout(inUse, tables.get(name) ?? []).length === 0;
  return { uplinks: candidates.filter(carries), unfit: candidates.filter((name) => !carries(name)) };
}

function unique(name: string, taken: Set<string>): string {
  let candidate = name;
  for (let n = 2; taken.has(candidate); n++) candidate = `${name}-${n}`;
  taken.add(candidate);
  return candidate;
}

function byDomainAndMac(a: Learned, b: Learned): number {
  return compare(a.domain, b.domain) || compare(a.mac, b.mac);
}
