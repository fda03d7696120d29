// Interfaces of running domains that are no port of a Linux bridge: macvtap, user networking, Open vSwitch, a tap that lies elsewhere.
import { compare } from '../model/order.ts';
import type { Portless } from '../model/report.ts';
import type { Domain, Interface, Snapshot } from '../model/snapshot.ts';

/** In the order of domain and MAC. `links` are the bridges that were read. */
export function portlessOf(domains: readonly Domain[], links: Snapshot['links']): readonly Portless[] {
  const ports = links.ok && new Set(links.value.flatMap((bridge) => bridge.ports.map(({ name }) => name)));
  // Of type='ethernet' only the kernel knows whether its tap lies on a bridge, and whose it is.
  const mayBePort = ({ ethernet, target }: Interface) =>
    ethernet !== undefined && (!ports || target === undefined || ports.has(target));
  const found: Portless[] = [];
  for (const { name, state, interfaces } of domains) {
    if (state !== 'running') continue;
    for (const iface of interfaces) {
      const { skipped, mac, target, device } = iface;
      if (skipped === undefined || mayBePort(iface)) continue;
      found.push({ domain: name, mac, kind: skipped, target, device });
    }
  }
  return found.sort((a, b) => compare(a.domain, b.domain) || compare(a.mac, b.mac));
}
