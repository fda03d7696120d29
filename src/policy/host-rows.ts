// The bridge's own port, by which the host itself is on the bridge (`bridge vlan … self`): held against what the policy names, and
// never changed. A VLAN that is wanted tagged is missing where it is the PVID: an address on br-mgmt.100 does not hear its untagged frames.
// What else it has is the host's affair.
import type { Finding } from '../model/report.ts';
import { formatTable, overlay, type VlanTable } from '../model/vlan.ts';

/** The finding of a bridge whose own table lacks a row of `host`; none where the policy has no `host`, or the table cannot be read. */
export function hostFindings(bridge: string, host: VlanTable | undefined, actual: VlanTable | undefined): Finding[] {
  if (!host || !actual) return [];
  const lacks = overlay(actual, host).some(({ a, b }) => b && (a?.untagged !== b.untagged || (b.pvid && !a.pvid)));
  if (!lacks) return [];
  return [
    {
      reason: 'host_vlan_missing',
      bridge,
      domain: undefined,
      vnet: bridge,
      expected: `${bridge} itself with ${formatTable(host)}`,
      actual: formatTable(actual),
    },
  ];
}
