// What happens on the demo's host: VMs start and stop, hooks run, and people and programs undo the hook's work. Each act returns
// a sentence for the viewer.

import type { SimHost } from '../../host/sim/host.ts';
import type { SimVm } from '../../host/sim/vm.ts';
import { WRITERS } from '../../model/history.ts';
import type { Policy } from '../../model/policy.ts';
import {
  formatTable,
  formatVids,
  pvidOf,
  tableFrom,
  type VlanTable,
  vid,
  vidRange,
  vidsFrom,
  vidsWithout,
} from '../../model/vlan.ts';
import { configuredTable, hostTable, keepsFdb } from './fleet.ts';

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
  /** Somebody deletes what libvirt put into the FDB for a domain whose FDB it keeps; see `keepsFdb`. */
  loseFdb(domain: string): string;
  /** `virsh update-device` gives a domain's first interface a <vlan> that no rule agrees with. */
  contradict(domain: string): string;
  /** `virsh metadata` asks for what cannot be understood. */
  misask(domain: string): string;
  /** Takes back `contradict` and `misask`. */
  agree(domain: string): string;
  /** The host's own place on the first bridge loses its VLANs. */
  cutOffHost(): string;
  /** Takes that back. */
  reconnectHost(): string;
}

/** Something that goes wrong, for the domains that it `fits`. */
export interface Drift {
  readonly make: (domain: string) => string;
  readonly fits: (domain: string) => boolean;
}

/** One that nobody heals: an operator mends it. */
export interface Puzzle extends Drift {
  readonly mend: (domain: string) => string;
}

const WRONG_PVID = 20;
const OTHER_VLAN = { tags: [{ id: 42 }] };
const NONSENSE = "<lve:interfaces xmlns:lve='urn:libvirt-vlan-exporter:1'><interface pvid='hundred'/></lve:interfaces>";

/** `vms`: those that may be named. */
export function createActs(host: SimHost, policy: Policy, vms: readonly SimVm[]): Acts {
  const keepers = new Set(vms.filter(keepsFdb).map(({ name }) => name));
  const firstTap = (domain: string): string => {
    const tap = host.taps(domain)[0];
    if (tap === undefined) throw new Error(`${domain} has no vnet`);
    return tap;
  };
  const configure = (domain: string): readonly string[] =>
    host.taps(domain).map((tap) => {
      const table = wanted(host, policy, domain, tap);
      host.setTable(tap, table);
      if (keepers.has(domain)) fillFdb(host, tap);
      return `${tap}: ${formatTable(table)}`;
    });
  const firstMac = (domain: string) => guestMac(host, firstTap(domain));
  const [bridge] = policy.bridges;
  const own = bridge?.host && hostTable(bridge.host);
  const say = (domain: string, priority: number, message: string, run = false) =>
    host.journal.append({
      MESSAGE: message,
      PRIORITY: String(priority),
      SYSLOG_IDENTIFIER: [WRITERS.hook, `${WRITERS.hook}[${domain}]`],
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
      host.setTable(tap, tableFrom(wanted(host, policy, domain, tap), vid(WRONG_PVID)));
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
      const rest = gone === undefined ? table : vidsWithout(table, [vidRange(gone)]);
      host.setTable(tap, tableFrom(rest, pvidOf(table)));
      return `${domain} ${tap}: VLAN ${gone} removed by hand`;
    },
    repair(domain) {
      configure(domain);
      return `${domain} put right by hand`;
    },
    loseFdb(domain) {
      const tap = firstTap(domain);
      if (!keepers.has(domain))
        throw new Error(`${domain}: libvirt does not keep its FDB, as it does of ${[...keepers].join(', ')}`);
      host.kernel.links.get(tap)?.fdb.clear();
      return `${domain} ${tap}: its FDB entries deleted by hand`;
    },
    contradict(domain) {
      host.setVlan(domain, firstMac(domain), OTHER_VLAN);
      return `${domain} ${firstTap(domain)}: update-device with <vlan> 42, and its rule wants something else`;
    },
    misask(domain) {
      host.setMetadata(domain, NONSENSE);
      return `${domain}: its metadata asks for PVID "hundred"`;
    },
    agree(domain) {
      host.setMetadata(domain, undefined);
      host.setVlan(domain, firstMac(domain), undefined);
      return `${domain}: no <vlan> and no metadata any more`;
    },
    cutOffHost() {
      if (!bridge || !own) return 'the policy says nothing of the host itself';
      host.setTable(bridge.name, hostTable([]));
      return `${bridge.name} itself: VLANs ${formatVids(vidsFrom(bridge.host ?? []))} taken off by hand`;
    },
    reconnectHost() {
      if (bridge && own) host.setTable(bridge.name, own);
      return `${bridge?.name} itself put right by hand`;
    },
  };
}

/** What can go wrong under this policy: what the remediator heals, and what it leaves alone. */
export function driftsOf(acts: Acts, policy: Policy, vms: readonly SimVm[]) {
  const any = () => true;
  const ruled = new Set(policy.bridges.flatMap(({ rules }) => rules.flatMap(({ domains }) => domains)));
  const keepers = new Set(vms.filter(keepsFdb).map(({ name }) => name));
  const drifts: readonly Drift[] = [
    ...[acts.breakPvid, acts.wipe, acts.removeVlan].map((make) => ({ make, fits: any })),
    { make: acts.loseFdb, fits: (domain) => keepers.has(domain) },
  ];
  const puzzles: readonly Puzzle[] = [
    { make: acts.contradict, mend: acts.agree, fits: (domain) => ruled.has(domain) },
    {
      make: acts.misask,
      mend: acts.agree,
      fits: () => policy.bridges.some(({ intent }) => intent.includes('metadata')),
    },
    { make: acts.cutOffHost, mend: acts.reconnectHost, fits: () => policy.bridges[0]?.host !== undefined },
  ];
  return { drifts, puzzles };
}

function wanted(host: SimHost, policy: Policy, domain: string, tap: string): VlanTable {
  const bridge = host.kernel.links.get(tap)?.master ?? '';
  return configuredTable(policy, bridge, domain, guestMac(host, tap)) ?? [];
}

// Only the first octet differs from the tap's.
const guestMac = (host: SimHost, tap: string) => `52${host.kernel.links.get(tap)?.mac.slice(2)}`;

/** A static entry in each VLAN of the port. */
function fillFdb(host: SimHost, tap: string): void {
  const link = host.kernel.links.get(tap);
  link?.fdb.clear();
  for (const id of link?.vlans.keys() ?? []) link?.fdb.add(`${guestMac(host, tap)} ${id}`);
}
