// The FDB entries that go with a change of VLANs. The kernel (net/bridge/br_fdb.c) takes and deletes an entry only in a VLAN that the
// port has: what goes is deleted before the VLANs, what comes is added after them.
import type { Change, FdbChange } from '../model/plan.ts';
import type { FdbNeed, VnetReport } from '../model/report.ts';
import type { Vids } from '../model/vlan.ts';

type Port = Pick<VnetReport, 'vnet' | 'mac'>;

/** The changes of VLANs with those of the FDB around them. */
export function withFdb(port: Port, need: FdbNeed | undefined, vlans: readonly Change[]): readonly Change[] {
  if (!need) return vlans;
  return [...changes('fdb delete', port, need.remove), ...vlans, ...changes('fdb add', port, need.add)];
}

export function inverseNeed({ add, remove }: FdbNeed): FdbNeed {
  return { add: remove, remove: add };
}

function changes(action: FdbChange['action'], { vnet, mac }: Port, vids: Vids): readonly FdbChange[] {
  return vids.flatMap(({ first, last }) =>
    Array.from({ length: last - first + 1 }, (_, i): FdbChange => ({ action, port: vnet, mac, vid: first + i })),
  );
}
