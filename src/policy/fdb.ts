// The FDB of a port that libvirt keeps (macTableManager='libvirt'): libvirt adds the guest's static entries when the vCPUs start, for
// the VLANs that the port has then. Whoever changes the VLANs later has to change the entries with them.
import type { FdbNeed } from '../model/report.ts';
import type { Fdb } from '../model/snapshot.ts';
import { formatVids, type VlanTable, vidsInBoth, vidsWithout } from '../model/vlan.ts';

/** One port's table as it is, as it shall be, and the VLANs that the policy wants in it: others may stay, with or without an entry. */
export interface Membership {
  readonly actual: VlanTable;
  readonly target: VlanTable;
  readonly wanted: VlanTable;
}

/** What the port needs with its target. */
export function fdbNeed(fdb: Fdb, port: string, mac: string, { actual, target, wanted }: Membership): FdbNeed {
  const there = fdb.get(port)?.get(mac) ?? [];
  return { add: vidsWithout(wanted, there), remove: vidsInBoth(vidsWithout(actual, target), there) };
}

/** The deviation of a port that is in VLANs without an entry; of VLANs that it is not in yet, another finding tells. */
export function fdbDeviations(fdb: Fdb, port: string, mac: string, { actual, wanted }: Membership) {
  const missing = vidsWithout(vidsInBoth(actual, wanted), fdb.get(port)?.get(mac) ?? []);
  if (missing.length === 0) return [];
  const expected = `a static FDB entry for ${mac} in each of its VLANs`;
  return [{ reason: 'fdb_missing' as const, expected, actual: `none in ${formatVids(missing)}` }];
}

export function hasNeed(need: FdbNeed | undefined): need is FdbNeed {
  return need !== undefined && need.add.length + need.remove.length > 0;
}
