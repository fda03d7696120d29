// A change of a port's VLANs as the kernel takes it: what `bridge vlan add` and `bridge vlan del` send (iproute2, bridge/vlan.c),
// for br_afspec of net/bridge/br_netlink.c. Pure.
import type { VlanChange } from '../../../model/plan.ts';
import {
  AF_BRIDGE,
  BRIDGE_VLAN_INFO_PVID,
  BRIDGE_VLAN_INFO_RANGE_BEGIN,
  BRIDGE_VLAN_INFO_RANGE_END,
  BRIDGE_VLAN_INFO_UNTAGGED,
  IFLA_AF_SPEC,
  IFLA_BRIDGE_VLAN_INFO,
  NLA_F_NESTED,
  NLM_F_ACK,
  NLM_F_REQUEST,
  RTM_DELLINK,
  RTM_SETLINK,
} from './constants.ts';
import { ifinfomsg } from './links.ts';
import { buildAttribute, buildMessage } from './message.ts';

/** The request for one change of the port with this index, to be acknowledged. */
export function changeRequest(index: number, change: VlanChange): Buffer {
  const flags =
    change.action === 'delete'
      ? 0
      : (change.pvid ? BRIDGE_VLAN_INFO_PVID : 0) | (change.untagged ? BRIDGE_VLAN_INFO_UNTAGGED : 0);
  const rows =
    change.first === change.last
      ? [vlanInfo(flags, change.first)]
      : [
          vlanInfo(flags | BRIDGE_VLAN_INFO_RANGE_BEGIN, change.first),
          vlanInfo(flags | BRIDGE_VLAN_INFO_RANGE_END, change.last),
        ];
  const spec = buildAttribute(IFLA_AF_SPEC | NLA_F_NESTED, Buffer.concat(rows));
  const type = change.action === 'delete' ? RTM_DELLINK : RTM_SETLINK;
  return buildMessage(type, NLM_F_REQUEST | NLM_F_ACK, Buffer.concat([ifinfomsg(AF_BRIDGE, index), spec]));
}

/** struct bridge_vlan_info. */
function vlanInfo(flags: number, vid: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt16LE(flags, 0);
  bytes.writeUInt16LE(vid, 2);
  return buildAttribute(IFLA_BRIDGE_VLAN_INFO, bytes);
}
