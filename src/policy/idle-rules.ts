// Rules of the policy that are for no interface of this host: a VM that was renamed, a network that is gone, a rule that earlier
// ones leave nothing. No error, for a policy may be written for many hosts.
import type { BridgePolicy, Policy } from '../model/policy.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { isFor, type Subject } from './expect.ts';

/** A sentence for each. None where it cannot be told, since a domain could not be read. */
export function idleRules({ domains }: Snapshot, policy: Policy): readonly string[] {
  if (!domains.ok || domains.value.some(({ state }) => state === 'unknown')) return [];
  const subjects = domains.value.flatMap((domain) => domain.interfaces.map((iface): Subject => ({ domain, iface })));
  return policy.bridges.flatMap((bridge) => idleOn(bridge, subjects));
}

function idleOn({ name, rules }: BridgePolicy, all: readonly Subject[]): readonly string[] {
  // A stopped domain's XML does not say on which bridge a libvirt network will put it, nor that of type='ethernet'.
  const subjects = all.filter(({ iface: { bridge, network, ethernet } }) =>
    bridge === undefined ? network !== undefined || ethernet !== undefined : bridge === name,
  );
  return rules.flatMap((rule, i) => {
    const meant = subjects.filter((subject) => isFor(rule, subject));
    if (meant.length === 0) return [`rule ${rule.name} of ${name} is for no interface of any domain here`];
    const earlier = rules.slice(0, i);
    const takers = meant.map((subject) => earlier.find((other) => isFor(other, subject)));
    if (takers.includes(undefined)) return [];
    const names = [...new Set(takers.map((taker) => taker?.name))].join(', ');
    return [`rule ${rule.name} of ${name} never comes to be used here: ${names} above takes all that it is for`];
  });
}
