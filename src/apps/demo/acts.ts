// What happens on the demo's host: VMs start and stop, hooks run, and people and programs undo the hook's work. Each act returns
// a sentence for the viewer.

import type { SimHost } from '../../host/sim/host.ts';
import type { Policy } from '../../model/policy.ts';
import {
  formatTable,
  pvidOf,
  tableFrom,
  type VlanTable,
  vid,
  vidRange,
  vidsOf,
  vidsWithout,
} from '../../model/vlan.ts';
import { configuredTable } from './fleet.ts';

export interface Acts {
  /** Starts a VM; the hook configures its vnets, or, where `hookFails`, does not and says so in the journal. */
  start(domain: string, hookFails?: boolean): string;
  stop(domain: string): string;
  /** The PVID of a domain's first vnet is moved to another VLAN by hand. */
  breakPvid(domain: string): string;
  /** Its port leaves the bridge and comes back, as ifreload does it. */
  wipe(domain: string): string;
  /** One VLAN is taken off by hand. */
  removeVlan(domain: string): string;
  /** Puts a domain's vnets as its hook would. */
  repair(domain: string): string;
}

const IDENTIFIER = 'libvirt-hook';
const WRONG_PVID = 20;

export function createActs(host: SimHost, policy: Policy): Acts {
  const firstTap = (domain: string): string => {
    const tap = host.taps(domain)[0];
    if (tap === undefined) throw new Error(`${domain} has no vnet`);
    return tap;
  };
  const configure = (domain: string): readonly string[] =>
    host.taps(domain).map((tap) => {
      const table = wanted(host, policy, domain, tap);
      host.setTable(tap, table);
      return `${tap}: ${formatTable(table)}`;
    });
  const say = (domain: string, priority: number, message: string, run = false) =>
    host.journal.append({
      MESSAGE: message,
      PRIORITY: String(priority),
      SYSLOG_IDENTIFIER: [IDENTIFIER, `${IDENTIFIER}[${domain}]`],
      LIBVIRT_VLAN_DOMAIN: domain,
      ...(run && { LIBVIRT_VLAN_RUN: '1' }),
    });

  return {
    start(domain, hookFails = false) {
      host.start(domain);
      if (hookFails) {
        const tap = firstTap(domain);
        say(domain, 3, `${tap}: bridge vlan add vid 100 dev ${tap} pvid untagged: timed out`, true);
        return `${domain} started, and its hook failed`;
      }
      for (const line of configure(domain)) say(domain, 6, line);
      say(domain, 6, `configured ${host.taps(domain).length} vnets`, true);
      return `${domain} started on ${host.taps(domain).join(', ')}`;
    },
    stop(domain) {
      host.stop(domain);
      return `${domain} stopped`;
    },
    breakPvid(domain) {
      const tap = firstTap(domain);
      host.setTable(tap, tableFrom(vidsOf(wanted(host, policy, domain, tap)), vid(WRONG_PVID)));
      return `${domain} ${tap}: PVID set to ${WRONG_PVID} by hand`;
    },
    wipe(domain) {
      const tap = firstTap(domain);
      host.wipe(tap);
      return `${domain} ${tap}: left the bridge and came back, all VLANs lost`;
    },
    removeVlan(domain) {
      const tap = firstTap(domain);
      const table = wanted(host, policy, domain, tap);
      const gone = table.find((run) => !run.pvid)?.first;
      const rest = gone === undefined ? vidsOf(table) : vidsWithout(vidsOf(table), [vidRange(gone)]);
      host.setTable(tap, tableFrom(rest, pvidOf(table)));
      return `${domain} ${tap}: VLAN ${gone} removed by hand`;
    },
    repair(domain) {
      configure(domain);
      return `${domain} put right by hand`;
    },
  };
}

function wanted(host: SimHost, policy: Policy, domain: string, tap: string): VlanTable {
  const link = host.kernel.links.get(tap);
  // Only the first octet differs from the guest's.
  const mac = `52${link?.mac.slice(2)}`;
  return configuredTable(policy, link?.master ?? '', domain, mac) ?? [];
}
