// An interface of a running domain that has no port on its bridge: the finding, and what became of its tap.
import { tapMac } from '../model/mac.ts';
import type { Finding } from '../model/report.ts';
import type { Bridge } from '../model/snapshot.ts';
import type { Matching, Owner } from './match.ts';

/** `matching` is that of `bridge`; `others` are all bridges that were read. */
export function notOnBridge(bridge: Bridge, owner: Owner, matching: Matching, others: readonly Bridge[]): Finding {
  const { domain, iface } = owner;
  return {
    reason: 'not_on_bridge',
    bridge: bridge.name,
    domain: domain.name,
    vnet: iface.target,
    expected: `interface ${iface.mac} on ${bridge.name}`,
    actual: whereTapIs(bridge, owner, matching, others),
  };
}

/** What became of the tap of an interface that has no port on its bridge, for people. */
function whereTapIs(bridge: Bridge, { iface }: Owner, matching: Matching, bridges: readonly Bridge[]): string {
  const { target, mac } = iface;
  if (target === undefined) return `no port of ${bridge.name} fits`;
  const other = matching.matches.find(({ port }) => port.name === target)?.owner.domain.name;
  if (other !== undefined) return `${target} on ${bridge.name} is the port of ${other}`;
  if (bridge.ports.some((port) => port.name === target)) return `${target} on ${bridge.name} is no tap`;
  const elsewhere = bridges.find(({ ports }) => ports.some((port) => port.name === target));
  if (elsewhere) return `${target} is a port of ${elsewhere.name}`;
  const renamed = matching.unmatched.find((port) => port.tap && port.mac === tapMac(mac));
  const hint = renamed ? `; ${renamed.name} there has its MAC: was it renamed?` : '';
  return `${target} is not a port of ${bridge.name}${hint}`;
}
