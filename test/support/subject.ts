// An interface of a running domain, for tests of what is expected of it.
import type { Domain, Interface } from '../../src/model/snapshot.ts';
import type { Subject } from '../../src/policy/expect.ts';

/** Of domain `web` on br0 where nothing else is said. */
export function subject(domain: Partial<Domain> = {}, iface: Partial<Interface> = {}): Subject {
  const whole: Interface = { mac: '52:54:00:00:00:01', target: 'vnet1', bridge: 'br0', skipped: undefined, ...iface };
  return { domain: { name: 'web', uuid: undefined, state: 'running', interfaces: [whole], ...domain }, iface: whole };
}
