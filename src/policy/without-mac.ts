// Interfaces of running domains that have a tap and no MAC. libvirt always writes one: so it is not known what such a vnet should have.
import type { Domain } from '../model/snapshot.ts';

/** The taps of such interfaces, with the names of their domains. */
export function interfacesWithoutMac(
  domains: readonly Domain[],
): readonly { readonly domain: string; readonly tap: string }[] {
  const found: { domain: string; tap: string }[] = [];
  for (const { name, state, interfaces } of domains) {
    if (state === 'defined') continue;
    for (const { mac, target } of interfaces) {
      if (mac === '' && target !== undefined) found.push({ domain: name, tap: target });
    }
  }
  return found;
}
