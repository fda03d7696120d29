// The VM that the hook was called for, from the XML on stdin: what libvirt says of it now, with the names of its taps.
import { nameInXml, parseDomainXml } from '../host/linux/domain-xml.ts';
import type { Policy } from '../model/policy.ts';
import type { Domain, Interface } from '../model/snapshot.ts';

/** Throws Error where the XML is not understood or is another VM's. */
export function readDomain(guest: string, xml: string): Domain {
  const { name, uuid, interfaces, metadata } = parseDomainXml(xml);
  if (name !== nameInXml(guest)) throw new Error(`the XML is that of ${JSON.stringify(name.slice(0, 80))}`);
  return { name: guest, uuid, state: 'running', file: 'standard input', interfaces, metadata };
}

/** What of the policy concerns this VM: the bridges that it is on. */
export function policyFor(domain: Domain, policy: Policy): Policy {
  const on = new Set(domain.interfaces.map((iface) => iface.bridge));
  // Of type='ethernet', only the kernel knows the bridge.
  const anywhere = domain.interfaces.some(hasTapAnywhere);
  return { ...policy, bridges: policy.bridges.filter((bridge) => anywhere || on.has(bridge.name)) };
}

function hasTapAnywhere({ ethernet, target }: Interface): boolean {
  return ethernet !== undefined && target !== undefined;
}
