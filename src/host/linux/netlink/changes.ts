// Changes of a port's VLANs as the kernel takes them: what `bridge vlan add` and `bridge vlan del` send (iproute2, bridge/vlan.c), for
// br_afspec of net/bridge/br_netlink.c; that takes several at once, too. Pure.
import type { VlanChange } from '../../../model/plan.ts';
import * as uapi from './constants.ts';
import { ifinfomsg } from './links.ts';
import { buildAttribute, buildMessage, u16 } from './message.ts';

/** The request for changes of the port with this index, all of one action, to be acknowledged. */
export function changeRequest(index: number, first: VlanChange, ...more: readonly VlanChange[]): Buffer {
  const spec = buildAttribute(uapi.IFLA_AF_SPEC | uapi.NLA_F_NESTED, Buffer.concat([first, ...more].flatMap(rowsOf)));
  const type = first.action === 'delete' ? uapi.RTM_DELLINK : uapi.RTM_SETLINK;
  return buildMessage(type, uapi.NLM_F_ACK, ifinfomsg(uapi.AF_BRIDGE, index), spec);
}

function rowsOf({ action, first, last, pvid, untagged }: VlanChange): readonly Buffer[] {
  const flags =
    action === 'delete' ? 0 : (pvid ? uapi.BRIDGE_VLAN_INFO_PVID : 0) | (untagged ? uapi.BRIDGE_VLAN_INFO_UNTAGGED : 0);
  if (first === last) return [vlanInfo(flags, first)];
  return [
    vlanInfo(flags | uapi.BRIDGE_VLAN_INFO_RANGE_BEGIN, first),
    vlanInfo(flags | uapi.BRIDGE_VLAN_INFO_RANGE_END, last),
  ];
}

/** struct bridge_vlan_info. */
function vlanInfo(flags: number, vid: number): Buffer {
  return buildAttribute(uapi.IFLA_BRIDGE_VLAN_INFO, Buffer.concat([u16(flags), u16(vid)]));
}
