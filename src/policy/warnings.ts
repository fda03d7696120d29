// What no policy forbids and yet surprises: told, and never held against anybody.

import { groupBy } from '../model/group-by.ts';
import { byDomainAndPort } from '../model/order.ts';
import type { VnetReport, Warning } from '../model/report.ts';
import type { Bridge } from '../model/snapshot.ts';
import { vidsInBoth } from '../model/vlan.ts';
import type { Owner } from './match.ts';

/** Warnings of one bridge, in report order. */
export function warningsOf(
  bridge: Pick<Bridge, 'vlanFiltering'>,
  vnets: readonly VnetReport[],
  owners: readonly Owner[],
): readonly Warning[] {
  return [...uplinkWarnings(vnets), ...sharedMacs(bridge, vnets, owners)].sort(byDomainAndPort);
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

/** Running interfaces of one bridge with one MAC: the bridge sends the frames for both to whichever spoke last, in each VLAN that both have. */
function sharedMacs(
  { vlanFiltering }: Pick<Bridge, 'vlanFiltering'>,
  vnets: readonly VnetReport[],
  all: readonly Owner[],
): readonly Warning[] {
  const running = all.filter(({ domain }) => domain.state === 'running');
  const shared = [...groupBy(running, ({ iface }) => iface.mac)].filter(([, owners]) => owners.length > 1);
  return shared.flatMap(([mac, owners]) => {
    const known = owners.map((owner) => ({ ...owner, vnet: vnetOf(owner, vnets) }));
    const meeting = known.filter((one) =>
      known.some((other) => other !== one && (!vlanFiltering || mayShareVlan(one.vnet, other.vnet))),
    );
    const names = meeting.map(({ domain, iface }) => `${domain.name} (${iface.target ?? 'no tap'})`).sort();
    const text = `the MAC ${mac} is that of ${names.join(' and ')}: frames for one reach the other`;
    return meeting.map(
      ({ domain, iface }): Warning => ({ kind: 'mac_shared', domain: domain.name, vnet: iface.target, text }),
    );
  });
}

function vnetOf({ domain, iface }: Owner, vnets: readonly VnetReport[]): VnetReport | undefined {
  const { mac, target } = iface;
  return vnets.find((it) => it.domain === domain.name && it.mac === mac && (target ?? it.vnet) === it.vnet);
}

/** Whether two vnets have a VLAN in common, or should have one, or it is not known. */
function mayShareVlan(a: VnetReport | undefined, b: VnetReport | undefined): boolean {
  if (!a?.actual || !b?.actual || a.expected.undecided || b.expected.undecided) return true;
  return vidsInBoth(a.actual, b.actual).length > 0 || vidsInBoth(a.expected.table, b.expected.table).length > 0;
}
