// What a report does not know: parts of the host, bridges and domains that could not be read or understood. Pure.
import { tapMac } from '../model/mac.ts';
import { compare } from '../model/order.ts';
import type { BridgeReport, Unknown } from '../model/report.ts';
import type { Domain, Interface, Port, Reading, Snapshot } from '../model/snapshot.ts';
import { isLiveKnown, isLiveUnread } from './match.ts';
import { interfacesWithoutMac } from './without-mac.ts';

/** In a stable order. */
export function unknowns(snapshot: Snapshot, bridges: readonly BridgeReport[]): readonly Unknown[] {
  const failed = (kind: Unknown['kind'], reading: Reading<unknown> | undefined): Unknown[] =>
    !reading || reading.ok ? [] : [{ kind, name: undefined, problem: reading.error }];
  const domains = snapshot.domains.ok ? snapshot.domains.value : [];
  return [
    ...failed('links', snapshot.links),
    ...failed('vlans', snapshot.vlans),
    ...failed('domains', snapshot.domains),
    ...failed('fdb', snapshot.fdb),
    ...bridges.flatMap(({ name, present, vlanFiltering }): Unknown[] => {
      if (present === false) return [{ kind: 'bridge', name, problem: 'there is no such bridge' }];
      if (!present || vlanFiltering !== undefined) return [];
      return [{ kind: 'bridge', name, problem: 'its vlan_filtering could not be read' }];
    }),
    ...strayTaps(snapshot, bridges),
    ...domains
      .filter((domain) => domain.state === 'unknown')
      .sort((a, b) => compare(a.name, b.name))
      .map(({ name, problem = 'not understood' }): Unknown => ({ kind: 'domain', name, problem })),
    ...unknownInterfaces(snapshot, bridges),
    ...keptByLibvirt(domains, bridges),
  ];
}

/** Taps without an owner while no live XML speaks (none where the domains are unknown): it cannot be read, or most likely, VMs run and it was removed. */
function strayTaps(snapshot: Snapshot, bridges: readonly BridgeReport[]): readonly Unknown[] {
  const domains = snapshot.domains.ok ? snapshot.domains.value : [];
  const links = snapshot.links.ok ? snapshot.links.value : [];
  if (isLiveKnown(domains)) return [];
  const why = isLiveUnread(domains)
    ? 'no domain that can be read owns them, and there is live XML that cannot'
    : 'no domain owns them, and none has live XML; was /run/libvirt/qemu emptied?';
  return bridges
    .filter(({ orphanPorts }) => orphanPorts.length > 0)
    .map(({ name, orphanPorts }) => ({
      kind: 'taps',
      name,
      problem: `${orphanPorts.join(' ')}: ${why}`,
      domains: mayOwn(domains, links.find((bridge) => bridge.name === name)?.ports ?? [], new Set(orphanPorts)),
    }));
}

/** The domains that cannot be understood, and those of which an interface fits one of the taps, whatever bridge their XML names. */
function mayOwn(domains: readonly Domain[], ports: readonly Port[], taps: ReadonlySet<string>): readonly string[] {
  const macs = new Set(ports.filter((port) => taps.has(port.name)).map((port) => port.mac));
  const fits = ({ mac, target, ethernet }: Interface) =>
    mac === '' ||
    macs.has(undefined) ||
    macs.has(tapMac(mac)) ||
    (ethernet?.managed === false && taps.has(target ?? ''));
  return domains
    .filter(({ state, interfaces }) => state === 'unknown' || interfaces.some(fits))
    .map(({ name }) => name)
    .sort();
}

/** Domains by whose persistent XML vnets go of which libvirt keeps the FDB. */
function keptByLibvirt(domains: readonly Domain[], bridges: readonly BridgeReport[]): readonly Unknown[] {
  const defined = new Set(domains.filter(({ state }) => state === 'defined').map(({ name }) => name));
  const vnets = bridges.flatMap((bridge) => bridge.vnets.filter(({ domain }) => defined.has(domain)));
  const problems = vnets.flatMap(({ domain, vnet, untouchable }): [string, string][] =>
    untouchable?.reason === 'unknown' ? [[domain, `${vnet}: ${untouchable.text}`]] : [],
  );
  return [...new Map(problems)].map(([name, problem]) => ({ kind: 'domain', name, problem }));
}

/** Interfaces on our bridges of which it is not known what they should have. */
function unknownInterfaces({ links, domains }: Snapshot, bridges: readonly BridgeReport[]): readonly Unknown[] {
  if (!links.ok || !domains.ok) return [];
  const watched = new Set(bridges.map(({ name }) => name));
  const ports = links.value
    .filter(({ name }) => watched.has(name))
    .flatMap((bridge) => bridge.ports.map((p) => p.name));
  const there = new Set(ports);
  return interfacesWithoutMac(domains.value)
    .filter(({ tap }) => there.has(tap))
    .map(({ domain, tap }) => ({
      kind: 'domain',
      name: domain,
      problem: `its interface ${tap} has no valid <mac address>`,
    }));
}
