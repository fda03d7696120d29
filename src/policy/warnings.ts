// What no policy forbids and yet surprises: told, and never held against anybody.

import { groupBy } from '../model/group-by.ts';
import { byDomainAndPort } from '../model/order.ts';
import type { VnetReport, Warning } from '../model/report.ts';
import type { Owner } from './match.ts';

/** Warnings of one bridge, in report order. */
export function warningsOf(vnets: readonly VnetReport[], owners: readonly Owner[]): readonly Warning[] {
  return [...uplinkWarnings(vnets), ...sharedMacs(owners)].sort(byDomainAndPort);
}

function uplinkWarnings(vnets: readonly VnetReport[]): readonly Warning[] {
  return vnets
    .filter(({ untouchable }) => untouchable?.reason === 'uplink')
    .map(({ domain, vnet }) => ({
      kind: 'uplink_is_vnet',
      domain,
      vnet,
      text: `${vnet} is the tap of ${domain} and an uplink of the policy: it is judged, and never changed`,
    }));
}

/** Running interfaces of one bridge with one MAC: the bridge sends the frames for both to whichever spoke last. */
function sharedMacs(all: readonly Owner[]): readonly Warning[] {
  const running = all.filter(({ domain }) => domain.state === 'running');
  const shared = [...groupBy(running, ({ iface }) => iface.mac)].filter(([, owners]) => owners.length > 1);
  return shared.flatMap(([mac, owners]) => {
    const names = owners.map(({ domain, iface }) => `${domain.name} (${iface.target ?? 'no tap'})`).sort();
    const text = `the MAC ${mac} is that of ${names.join(' and ')}: frames for one reach the other`;
    return owners.map(
      ({ domain, iface }): Warning => ({ kind: 'mac_shared', domain: domain.name, vnet: iface.target, text }),
    );
  });
}
