// The FDB of a port that libvirt keeps (macTableManager='libvirt'): libvirt adds the guest's static entries when the vCPUs start, for
// the VLANs that the port has then. Whoever changes the VLANs later has to change the entries with them.
import type { FdbNeed, VnetReport } from '../model/report.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { formatVids, type Vids, type VlanTable, vidsInBoth, vidsWithout } from '../model/vlan.ts';
import type { Deviation } from './judge.ts';
import type { Match } from './match.ts';

export interface FdbJudgement {
  readonly deviations: readonly Deviation[];
  readonly need: FdbNeed | undefined;
  /** Where the FDB is not known: its VLANs alone would be right in the table, and no frame would come through. */
  readonly unread: VnetReport['untouchable'];
}

const NOTHING: FdbJudgement = { deviations: [], need: undefined, unread: undefined };

/**
 * The FDB of a port that has `actual` and is to have `target`; nothing where libvirt does not keep it, or a table is not known. `wanted`:
 * what the policy wants in it: other VLANs may stay, and nobody sees to it that they reach the guest.
 */
export function judgeFdb(
  { port, owner: { domain, iface } }: Match,
  fdb: Snapshot['fdb'],
  actual: VlanTable | undefined,
  target: VlanTable | undefined,
  wanted: VlanTable | undefined,
): FdbJudgement {
  if (iface.macTable === undefined || !actual || !target || !wanted) return NOTHING;
  // libvirt's entries are there while the vCPUs run, and must not be there when they start.
  if (domain.state === 'defined') return unread('and no live XML says whether it runs');
  // What is not known to run is not asked for its entries.
  if (domain.state === 'unknown') return unread('and its live XML cannot be read now');
  // The hook needs no FDB: when it runs, libvirt has not made the entries yet.
  if (!fdb) return NOTHING;
  if (!fdb.ok) return unread(`which could not be read: ${fdb.error}`);
  const there = fdb.value.get(port.name)?.get(iface.mac) ?? [];
  return {
    deviations: deviations(iface.mac, vidsWithout(vidsInBoth(actual, wanted), there)),
    need: { add: vidsWithout(wanted, there), remove: vidsInBoth(vidsWithout(actual, target), there) },
    unread: undefined,
  };
}

function unread(why: string): FdbJudgement {
  return { ...NOTHING, unread: { reason: 'unknown', text: `libvirt keeps its FDB, ${why}` } };
}

/** `missing`: VLANs without an entry that the port is in; of VLANs that it is not in yet, another finding tells. */
function deviations(mac: string, missing: Vids): readonly Deviation[] {
  if (missing.length === 0) return [];
  const expected = `a static FDB entry for ${mac} in each of its VLANs`;
  return [{ reason: 'fdb_missing', expected, actual: `none in ${formatVids(missing)}` }];
}

export function hasNeed(need: FdbNeed | undefined): need is FdbNeed {
  return need !== undefined && need.add.length + need.remove.length > 0;
}
