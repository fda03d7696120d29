// An interface of a running domain, for tests of what is expected of it.
import type { Domain, Interface } from '../../src/model/snapshot.ts';
import type { Owner } from '../../src/policy/match.ts';

/** Of domain `web` on br0 where nothing else is said. */
export function subject(domain: Partial<Domain> = {}, iface: Partial<Interface> = {}): Owner {
  const whole: Interface = { mac: '52:54:00:00:00:01', target: 'vnet1', bridge: 'br0', skipped: undefined, ...iface };
  return { domain: { name: 'web', uuid: undefined, state: 'running', interfaces: [whole], ...domain }, iface: whole };
}
