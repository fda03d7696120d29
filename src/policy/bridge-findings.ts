// What is wrong with a bridge, and with ports of it that are no vnets. Pure.
import { tapMac } from '../model/mac.ts';
import type { BridgePolicy } from '../model/policy.ts';
import type { Finding, VnetReport } from '../model/report.ts';
import { type Bridge, type Snapshot, tableOf } from '../model/snapshot.ts';
import { formatVids, vidsFrom, vidsWithout } from '../model/vlan.ts';
import type { Ambiguity } from './match.ts';

/** Uplinks that lack VLANs in use, or are no port. */
export function uplinkFindings(
  bridge: Bridge,
  policy: BridgePolicy,
  vnets: readonly VnetReport[],
  vlans: Snapshot['vlans'],
): Finding[] {
  const decided = vnets.filter((vnet) => !vnet.expected.undecided);
  const inUse = vidsFrom([...new Set(decided.map((vnet) => vnet.expected.table))].flat());
  return policy.uplinks.flatMap((uplink): Finding[] => {
    const found = (actual: string): Finding[] => [
      {
        reason: 'uplink_vlan_missing',
        bridge: bridge.name,
        domain: undefined,
        vnet: uplink,
        expected: `VLANs ${formatVids(inUse)}`,
        actual,
      },
    ];
    if (!bridge.ports.some((port) => port.name === uplink)) return found(`not a port of ${bridge.name}`);
    const table = tableOf(vlans, uplink);
    if (!table) return [];
    const missing = vidsWithout(inUse, table);
    return missing.length === 0 ? [] : found(`without ${formatVids(missing)}`);
  });
}

export function filteringOff(bridge: string): Finding {
  return {
    reason: 'filtering_off',
    bridge,
    domain: undefined,
    vnet: undefined,
    expected: 'vlan_filtering 1',
    actual: 'vlan_filtering 0: the bridge enforces nothing',
  };
}

/** A port whose owner is in doubt. */
export function macAmbiguous(bridge: string, { port, claims }: Ambiguity): Finding {
  const domains = new Set(claims.map((claim) => claim.domain.name));
  const names = claims.map((claim) => `${claim.domain.name} (${claim.iface.mac})`).sort();
  const [claim] = claims;
  const given = claim && claims.length === 1 ? tapMac(claim.iface.mac) : port.mac;
  const mac =
    port.mac === undefined || port.mac === given ? port.mac : `${port.mac} and not ${given}, which libvirt gives it`;
  return {
    reason: 'mac_ambiguous',
    bridge,
    domain: domains.size === 1 ? claims[0]?.domain.name : undefined,
    ...(domains.size > 1 ? { domains: [...domains].sort() } : {}),
    vnet: port.name,
    expected: 'one interface that fits the port, one port that fits the interface',
    actual: `MAC ${mac ?? 'unreadable'}, claimed by ${names.join(', ')}`,
  };
}
