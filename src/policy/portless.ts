// Interfaces of running domains that are no port of a Linux bridge: macvtap, user networking, Open vSwitch, a tap that lies elsewhere.
import { compare } from '../model/order.ts';
import type { BridgeReport, Portless } from '../model/report.ts';
import type { Domain } from '../model/snapshot.ts';

/** In the order of domain and MAC. */
export function portlessOf(domains: readonly Domain[], bridges: readonly BridgeReport[]): readonly Portless[] {
  const found: Portless[] = [];
  for (const { name, state, interfaces } of domains) {
    if (state !== 'running') continue;
    for (const { skipped, mac, target, device, ethernet } of interfaces) {
      if (skipped === undefined || (ethernet && isVnet(bridges, name, target))) continue;
      found.push({ domain: name, mac, kind: skipped, target, device });
    }
  }
  return found.sort((a, b) => compare(a.domain, b.domain) || compare(a.mac, b.mac));
}

// A tap of type='ethernet' may lie on a bridge of the policy.
function isVnet(bridges: readonly BridgeReport[], domain: string, target: string | undefined): boolean {
  return bridges.some(({ vnets }) => vnets.some((it) => it.domain === domain && it.vnet === target));
}
