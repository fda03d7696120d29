// What a report does not know: parts of the host, bridges and domains that could not be read or understood. Pure.
import { compare } from '../model/order.ts';
import type { BridgeReport, Reader, Unknown } from '../model/report.ts';
import type { Domain, Reading, Snapshot } from '../model/snapshot.ts';
import { isLiveKnown } from './match.ts';
import { interfacesWithoutMac } from './without-mac.ts';

/** In a stable order. */
export function unknowns(snapshot: Snapshot, bridges: readonly BridgeReport[]): readonly Unknown[] {
  const failed = (kind: Reader, reading: Reading<unknown>): Unknown[] =>
    reading.ok ? [] : [{ kind, name: undefined, problem: reading.error }];
  const domains = snapshot.domains.ok ? snapshot.domains.value : [];
  return [
    ...failed('links', snapshot.links),
    ...failed('vlans', snapshot.vlans),
    ...failed('domains', snapshot.domains),
    ...(snapshot.fdb && !snapshot.fdb.ok
      ? [{ kind: 'fdb' as const, name: undefined, problem: snapshot.fdb.error }]
      : []),
    ...bridges.flatMap(({ name, present, vlanFiltering }): Unknown[] => {
      if (present === false) return [{ kind: 'bridge', name, problem: 'there is no such bridge' }];
      if (!present || vlanFiltering !== undefined) return [];
      return [{ kind: 'bridge', name, problem: 'its vlan_filtering could not be read' }];
    }),
    ...(snapshot.domains.ok ? strayTaps(domains, bridges) : []),
    ...domains
      .filter((domain) => domain.state === 'unknown')
      .map(({ name, problem = 'not understood' }): Unknown => ({ kind: 'domain', name, problem }))
      .sort((a, b) => compare(a.name ?? '', b.name ?? '')),
    ...unknownInterfaces(snapshot, bridges),
  ];
}

/** Taps without an owner while libvirt's live folder is empty or gone: most likely, VMs run and their live XML was removed. */
function strayTaps(domains: readonly Domain[], bridges: readonly BridgeReport[]): readonly Unknown[] {
  if (isLiveKnown(domains)) return [];
  return bridges
    .filter(({ orphanPorts }) => orphanPorts.length > 0)
    .map(({ name, orphanPorts }) => ({
      kind: 'taps',
      name,
      problem: `${orphanPorts.join(' ')}: no domain owns them, and none has live XML; was /run/libvirt/qemu emptied?`,
    }));
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
