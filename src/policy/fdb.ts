// The FDB of a port that libvirt keeps (macTableManager='libvirt'): libvirt adds the guest's static entries when the vCPUs start, for
// the VLANs that the port has then. Whoever changes the VLANs later has to change the entries with them.
import type { FdbNeed } from '../model/report.ts';
import type { Fdb } from '../model/snapshot.ts';
import { formatVids, type VlanTable, vidsInBoth, vidsWithout } from '../model/vlan.ts';

/** What the port needs with `target`, where it has `actual` now. */
export function fdbNeed(fdb: Fdb, port: string, mac: string, actual: VlanTable, target: VlanTable): FdbNeed {
  const there = fdb.get(port)?.get(mac) ?? [];
  const stale = vidsWithout(actual, target);
  return { add: vidsWithout(target, there), remove: vidsInBoth(stale, there) };
}

/** The deviation of a port that is in VLANs without an entry; of VLANs that it is not in yet, another finding tells. */
export function fdbDeviations(fdb: Fdb, port: string, mac: string, actual: VlanTable, target: VlanTable) {
  const missing = vidsWithout(vidsInBoth(actual, target), fdb.get(port)?.get(mac) ?? []);
  if (missing.length === 0) return [];
  const expected = `a static FDB entry for ${mac} in each of its VLANs`;
  return [{ reason: 'fdb_missing' as const, expected, actual: `none in ${formatVids(missing)}` }];
}

export function hasNeed(need: FdbNeed | undefined): need is FdbNeed {
  return need !== undefined && need.add.length + need.remove.length > 0;
}
