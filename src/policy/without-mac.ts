// Interfaces of running domains that have a tap and no MAC. libvirt always writes one: so it is not known what such a vnet should have.
import type { BridgeReport, Unknown } from '../model/report.ts';
import type { Domain, Snapshot } from '../model/snapshot.ts';

/** The taps of such interfaces. */
export function tapsWithoutMac(domains: readonly Domain[]): ReadonlySet<string> {
  return new Set(nameless(domains).map(({ tap }) => tap));
}

/** Those that lie on our bridges. */
export function unknownInterfaces({ links, domains }: Snapshot, bridges: readonly BridgeReport[]): readonly Unknown[] {
  if (!links.ok || !domains.ok) return [];
  const watched = new Set(bridges.map(({ name }) => name));
  const ports = links.value
    .filter(({ name }) => watched.has(name))
    .flatMap((bridge) => bridge.ports.map((p) => p.name));
  const there = new Set(ports);
  return nameless(domains.value)
    .filter(({ tap }) => there.has(tap))
    .map(({ domain, tap }) => ({
      kind: 'domain',
      name: domain,
      problem: `its interface ${tap} has no valid <mac address>`,
    }));
}

function nameless(domains: readonly Domain[]): readonly { readonly domain: string; readonly tap: string }[] {
  const found: { domain: string; tap: string }[] = [];
  for (const { name, state, interfaces } of domains) {
    if (state === 'defined') continue;
    for (const { mac, target } of interfaces) {
      if (mac === '' && target !== undefined) found.push({ domain: name, tap: target });
    }
  }
  return found;
}
