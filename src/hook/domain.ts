// The VM that the hook was called for, with the names of its taps: from the XML on stdin, or, where that has waited, from libvirt's live XML.
import { nameInXml, parseDomainXml } from '../host/linux/domain-xml.ts';
import { LIVE_FOLDER } from '../host/linux/files.ts';
import type { HookHost } from '../host/linux/hook-machine.ts';
import type { Policy } from '../model/policy.ts';
import { type Domain, type Interface, orUndefined } from '../model/snapshot.ts';

/** Throws Error where the XML is not understood or is another VM's. */
export function readDomain(guest: string, xml: string): Domain {
  const { name, uuid, interfaces, metadata } = parseDomainXml(xml);
  if (name !== nameInXml(guest)) throw new Error(`the XML is that of ${JSON.stringify(name.slice(0, 80))}`);
  return { name: guest, uuid, state: 'running', file: 'standard input', interfaces, metadata };
}

/** As it is now; undefined where libvirt's live XML is not there or not understood. */
export function readLiveDomain(guest: string, { readText }: Pick<HookHost, 'readText'>): Domain | undefined {
  return orUndefined(() => readDomain(guest, readText(`${LIVE_FOLDER}/${guest}.xml`)));
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
