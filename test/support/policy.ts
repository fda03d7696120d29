// Policies and tables for tests, from plain numbers.
import type { BridgePolicy, Policy, Rule } from '../../src/model/policy.ts';
import { parseTable, tableFrom, type VlanTable, vid, vidRange, vidsFrom } from '../../src/model/vlan.ts';

type Plain<T> = Partial<Omit<T, 'table'>> & { vlans?: readonly number[]; pvid?: number | undefined };

export function bridgePolicy(options: Plain<BridgePolicy> = {}): BridgePolicy {
  const { vlans = [10, 20], pvid, ...rest } = options;
  return { name: 'br0', uplinks: [], unexpected: 'report', rules: [], table: wanted(vlans, pvid), ...rest };
}

export function rule(options: Plain<Rule> = {}): Rule {
  const { vlans = [10, 20], pvid, ...rest } = options;
  return { name: 'r', because: undefined, domains: [], mac: undefined, table: wanted(vlans, pvid), ...rest };
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
  return tableFrom(vidsFrom(vlans.map((id) => vidRange(id))), pvid === undefined ? undefined : vid(pvid));
}
