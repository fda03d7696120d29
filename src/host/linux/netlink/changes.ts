// A change of a port's VLANs as the kernel takes it: what `bridge vlan add` and `bridge vlan del` send (iproute2, bridge/vlan.c),
// for br_afspec of net/bridge/br_netlink.c. Pure.
import type { VlanChange } from '../../../model/plan.ts';
import * as uapi from './constants.ts';
import { ifinfomsg } from './links.ts';
import { buildAttribute, buildMessage, u16 } from './message.ts';

/** The request for one change of the port with this index, to be acknowledged. */
export function changeRequest(index: number, change: VlanChange): Buffer {
  const flags =
    change.action === 'delete'
      ? 0
      : (change.pvid ? uapi.BRIDGE_VLAN_INFO_PVID : 0) | (change.untagged ? uapi.BRIDGE_VLAN_INFO_UNTAGGED : 0);
  const rows =
    change.first === change.last
      ? [vlanInfo(flags, change.first)]
      : [
          vlanInfo(flags | uapi.BRIDGE_VLAN_INFO_RANGE_BEGIN, change.first),
          vlanInfo(flags | uapi.BRIDGE_VLAN_INFO_RANGE_END, change.last),
        ];
  const spec = buildAttribute(uapi.IFLA_AF_SPEC | uapi.NLA_F_NESTED, Buffer.concat(rows));
  const type = change.action === 'delete' ? uapi.RTM_DELLINK : uapi.RTM_SETLINK;
  return buildMessage(type, uapi.NLM_F_ACK, ifinfomsg(uapi.AF_BRIDGE, index), spec);
}

/** struct bridge_vlan_info. */
function vlanInfo(flags: number, vid: number): Buffer {
  return buildAttribute(uapi.IFLA_BRIDGE_VLAN_INFO, Buffer.concat([u16(flags), u16(vid)]));
}
