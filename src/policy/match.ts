// Which port of a bridge belongs to which interface of which domain. A port belongs to the interface whose live XML names
// it and whose MAC fits, or, if none's does, whose tap libvirt did not make; without any live XML, to the one whose MAC fits. In doubt,
// to none: what is not matched is not touched.
import { groupBy } from '../model/group-by.ts';
import { tapMac } from '../model/mac.ts';
import type { Bridge, Domain, Interface, Port } from '../model/snapshot.ts';

/** An interface of a domain. */
export interface Owner {
  readonly domain: Domain;
  readonly iface: Interface;
}

export interface Match {
  readonly port: Port;
  readonly owner: Owner;
}

/** A port whose owner is in doubt, with those that claim it. */
export interface Ambiguity {
  readonly port: Port;
  readonly claims: readonly Owner[];
}

export interface Matching {
  /** The interfaces on the bridge, of all domains; without those of which it cannot be told whether they have a port here. */
  readonly owners: readonly Owner[];
  readonly matches: readonly Match[];
  readonly ambiguous: readonly Ambiguity[];
  /** Interfaces of running domains that claim no port of this bridge. */
  readonly absent: readonly Owner[];
  readonly unmatched: readonly Port[];
}

/** Matches the ports of one bridge. Every port is in exactly one of matches, ambiguous and unmatched; only taps are matched. */
export function matchPorts(bridge: Bridge, domains: readonly Domain[]): Matching {
  const owners = ownersOn(bridge, domains);
  const byTarget = groupBy(owners.filter(isNamed), (owner) => owner.iface.target);
  const mayBeStopped = !isLiveKnown(domains);
  // A domain whose XML could not be understood may own any port that no live XML names, unless it does not run.
  const mayGoByMac = !domains.some(({ state, stopped }) => state === 'unknown' && (mayBeStopped || !stopped));
  const unnamed = owners.filter((owner) => !isNamed(owner) && (mayBeStopped || owner.domain.state === 'running'));
  const byMac = groupBy(mayGoByMac ? unnamed : [], (o): string | undefined => tapMac(o.iface.mac));

  const matches: Match[] = [];
  const ambiguous: Ambiguity[] = [];
  const unmatched: Port[] = [];
  for (const port of bridge.ports) {
    const named = byTarget.get(port.name);
    const claims = port.tap ? (named ?? byMac.get(port.mac) ?? []) : [];
    const [owner, ...others] = fitting(claims, port);
    if (owner && others.length === 0) matches.push({ port, owner });
    else if (claims.length > 0) ambiguous.push({ port, claims });
    else unmatched.push(port);
  }

  const mayBeHere = (owner: Owner) =>
    !mayGoByMac && !isNamed(owner) && unmatched.some(({ tap, mac }) => tap && mac === tapMac(owner.iface.mac));

  // One interface has one tap: where its MAC fits several ports, all of them are in doubt.
  const portsOf = groupBy(matches, (match) => match.owner.iface);
  const isSole = (match: Match) => portsOf.get(match.owner.iface)?.length === 1;
  const doubtful = matches.filter((match) => !isSole(match)).map(({ port, owner }) => ({ port, claims: [owner] }));
  const claimed = new Set([
    ...portsOf.keys(),
    ...ambiguous.flatMap(({ claims }) => claims.map((claim) => claim.iface)),
  ]);
  const certain = owners.filter((owner) => !mayBeHere(owner));
  return {
    owners: certain,
    matches: matches.filter(isSole),
    ambiguous: [...ambiguous, ...doubtful],
    absent: certain.filter((owner) => owner.domain.state === 'running' && !claimed.has(owner.iface)),
    unmatched,
  };
}

/** The interfaces that name the bridge; of type='ethernet', whose XML names none, those whose tap lies there. */
function ownersOn({ name, ports }: Bridge, domains: readonly Domain[]): readonly Owner[] {
  const owners: Owner[] = [];
  let taps: ReadonlySet<string> | undefined;
  const isPort = (target: string) => {
    taps ??= new Set(ports.map((port) => port.name));
    return taps.has(target);
  };
  for (const domain of domains) {
    for (const iface of domain.interfaces) {
      const { ethernet, target } = iface;
      const lies = ethernet && iface.mac !== '' && domain.state !== 'defined' && target !== undefined && isPort(target);
      if (iface.bridge === name || lies) owners.push({ domain, iface });
    }
  }
  return owners;
}

/** Those of the claims that fit the port: the port belongs to the only one. */
function fitting(claims: readonly Owner[], port: Port): readonly Owner[] {
  const byMac = claims.filter(({ iface }) => tapMac(iface.mac) === port.mac);
  const [first] = byMac;
  // libvirt gives the taps that it makes their MACs: one that fits is proof. Anybody can write the name of another's tap.
  if (first && !isOfItsMaker(first.iface)) return byMac;
  return claims.filter((claim) => isOfItsMaker(claim.iface) || byMac.includes(claim));
}

// A tap that libvirt did not make has the MAC of its maker's choice: its name alone decides.
function isOfItsMaker({ ethernet }: Interface): boolean {
  return ethernet?.managed === false;
}

/**
 * Whether libvirt's live XML says what runs. Where any domain has some, if only what is left of one that died, one without does
 * not run, and claims nothing. Where none has (somebody cleaned /run, or nothing runs), persistent XML speaks, as the original
 * hook let it.
 */
export function isLiveKnown(domains: readonly Domain[]): boolean {
  return domains.some(({ state, died }) => state === 'running' || died);
}

/** Whether there is live XML that could not be read or understood. */
export function isLiveUnread(domains: readonly Domain[]): boolean {
  return domains.some(({ state, stopped }) => state === 'unknown' && !stopped);
}

// Persistent XML names ports too, and libvirt does not go by that.
function isNamed({ domain, iface }: Owner): boolean {
  return domain.state !== 'defined' && iface.target !== undefined;
}
