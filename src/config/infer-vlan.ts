// What vnets say by libvirt's <vlan>, for a proposal: they need no rule, and what they ask for is in use.
import { formatTable, sameTable, type VlanTable } from '../model/vlan.ts';
import type { Intent } from '../policy/intent.ts';
import { intentOfVlan } from '../policy/libvirt-vlan.ts';
import type { Match } from '../policy/match.ts';

export function saysItself({ iface }: Match['owner']): boolean {
  return iface.vlan !== undefined;
}

/** What it asks for by <vlan>: nothing where that is not understood. */
export function askedBy(match: Match): VlanTable {
  const intent = intentOf(match);
  return intent && 'table' in intent ? intent.table : [];
}

/** Why a vnet that says it itself is not as it says, which no proposal mends; undefined where it is. */
export function whyDrifted(match: Match, actual: VlanTable): string | undefined {
  const intent = intentOf(match);
  if (!intent) return undefined;
  if ('problem' in intent)
    return `its <vlan> is not understood: ${intent.problem.found}; expected ${intent.problem.expected}`;
  return sameTable(intent.table, actual)
    ? undefined
    : `its <vlan> asks for ${formatTable(intent.table)}, and it has ${formatTable(actual)}`;
}

function intentOf({ owner }: Match): Intent | undefined {
  return owner.iface.vlan && intentOfVlan(owner.iface.vlan);
}
