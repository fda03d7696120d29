// What no policy forbids and yet surprises: told, and never held against anybody.
import { byDomainAndPort } from '../model/order.ts';
import type { VnetReport, Warning } from '../model/report.ts';
import type { Domain } from '../model/snapshot.ts';
import { groupBy, ownersOn } from './match.ts';

/** Warnings of one bridge, in report order. */
export function warningsOf(
  bridge: string,
  vnets: readonly VnetReport[],
  domains: readonly Domain[],
): readonly Warning[] {
  return [...uplinkWarnings(vnets), ...sharedMacs(bridge, domains)].sort(byDomainAndPort);
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
function sharedMacs(bridge: string, domains: readonly Domain[]): readonly Warning[] {
  const running = ownersOn(bridge, domains).filter(({ domain }) => domain.state === 'running');
  return [...groupBy(running, ({ iface }) => iface.mac)].flatMap(([mac, owners]) => {
    const names = owners.map(({ domain, iface }) => `${domain.name} (${iface.target ?? 'no tap'})`).sort();
    return owners.length < 2
      ? []
      : owners.map(
          ({ domain, iface }): Warning => ({
            kind: 'mac_shared',
            domain: domain.name,
            vnet: iface.target,
            text: `the MAC ${mac} is that of ${names.join(' and ')}: frames for one reach the other`,
          }),
        );
  });
}
