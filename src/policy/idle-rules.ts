// Rules of the policy that are for no interface of this host: a VM that was renamed, a network that is gone, a rule that earlier
// ones leave nothing. No error, for a policy may be written for many hosts.
import type { BridgePolicy, Policy } from '../model/policy.ts';
import type { Interface, Snapshot } from '../model/snapshot.ts';
import { isFor } from './expect.ts';
import type { Owner } from './match.ts';

export interface IdleRule {
  readonly bridge: string;
  readonly rule: string;
  /** The earlier rules that take all that it is for; none: it is for no interface here. */
  readonly shadowedBy: readonly string[];
}

/** undefined where it cannot be told, since a domain could not be read. */
export function idleRules({ domains }: Snapshot, policy: Policy): readonly IdleRule[] | undefined {
  if (!domains.ok || domains.value.some(({ state }) => state === 'unknown')) return undefined;
  const owners = domains.value.flatMap((domain) => domain.interfaces.map((iface): Owner => ({ domain, iface })));
  return policy.bridges.flatMap((bridge) => idleOn(bridge, owners));
}

export function idleRuleSentence({ bridge, rule, shadowedBy }: IdleRule): string {
  if (shadowedBy.length === 0) return `rule ${rule} of ${bridge} is for no interface of any domain here`;
  return `rule ${rule} of ${bridge} never comes to be used here: ${shadowedBy.join(', ')} above takes all that it is for`;
}

/** A stopped domain's XML does not say on which bridge a libvirt network will put an interface, nor that of type='ethernet'. */
export function mayLieOn({ bridge, network, ethernet }: Interface, name: string): boolean {
  return bridge === undefined ? network !== undefined || ethernet !== undefined : bridge === name;
}

function idleOn({ name, rules }: BridgePolicy, all: readonly Owner[]): readonly IdleRule[] {
  const owners = all.filter(({ iface }) => mayLieOn(iface, name));
  return rules.flatMap((rule, i) => {
    const meant = owners.filter((owner) => isFor(rule, owner));
    const takers = meant.map((owner) => rules.slice(0, i).find((other) => isFor(other, owner))?.name);
    const shadowedBy = takers.filter((taker) => taker !== undefined);
    if (shadowedBy.length < meant.length) return [];
    return [{ bridge: name, rule: rule.name, shadowedBy: [...new Set(shadowedBy)] }];
  });
}
