// Policies and tables for tests, from plain numbers.
import type { BridgePolicy, Policy, Rule } from '../../src/model/policy.ts';
import { parseTable, tableFrom, type Vids, type VlanTable, vid, vidRange, vidsFrom } from '../../src/model/vlan.ts';

type Plain<T> = Partial<Omit<T, 'table' | 'vlans'>> & { vlans?: readonly number[]; pvid?: number | undefined };

export function bridgePolicy(options: Plain<BridgePolicy> = {}): BridgePolicy {
  const { vlans = [10, 20], pvid, ...rest } = options;
  return {
    name: 'br0',
    uplinks: [],
    unexpected: 'report',
    rules: [],
    table: wanted(vlans, pvid),
    vlans: vids(vlans),
    intent: ['rules', 'vlan'],
    allowed: [vidRange(1, 4094)],
    host: undefined,
    ...rest,
  };
}

export function rule(options: Plain<Rule> = {}): Rule {
  const { vlans = [10, 20], pvid, ...rest } = options;
  return { name: 'r', because: undefined, domains: undefined, mac: undefined, table: wanted(vlans, pvid), ...rest };
}

export function policy(...bridges: BridgePolicy[]): Policy {
  return { bridges, sha256: 'f'.repeat(64) };
}

/** A table as `formatTable` writes it: `table('10 20 100* 5u 7*t')`. */
export function table(text: string): VlanTable {
  return parseTable(text.trim() || 'none');
}

/** The table with these VLANs tagged and the PVID untagged. */
export function wanted(vlans: readonly number[], pvid?: number): VlanTable {
  return tableFrom(vids(vlans), pvid === undefined ? undefined : vid(pvid));
}

function vids(ids: readonly number[]): Vids {
  return vidsFrom(ids.map((id) => vidRange(id)));
}
