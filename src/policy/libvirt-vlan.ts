// The VLAN table that libvirt 11 and newer gives a port of a Linux bridge for its own <vlan>. Follows src/conf/netdev_vlan_conf.c
// (virNetDevVlanParse: what it refuses) and src/util/virnetdevbridge.c (virNetDevBridgeSetupVlans: what it sets). libvirt takes
// VLAN 1 off before, and no other default PVID: what that leaves over is not asked for, and no part of the table.
import { remembered } from '../model/remember.ts';
import type { LibvirtVlan } from '../model/snapshot.ts';
import { isVid, type VlanTable, vid, vlanTable } from '../model/vlan.ts';
import type { Intent } from './intent.ts';

/** What `<vlan>` asks for; a problem where libvirt refuses it, or where it would leave the port without any VLAN. */
export const intentOfVlan = remembered(read);

interface Tag {
  readonly id: number;
  readonly native: 'tagged' | 'untagged' | undefined;
}

function read({ trunk: written, tags: writtenTags }: LibvirtVlan): Intent {
  const refuse = (expected: string, found: string): Intent => ({ problem: { element: '<vlan>', expected, found } });
  const tags: Tag[] = [];
  for (const { id, nativeMode } of writtenTags) {
    if (id === undefined || !/^\d{1,10}$/.test(id)) return refuse('a tag id from 1 to 4094', quoted('id', id));
    if (nativeMode !== undefined && nativeMode !== 'tagged' && nativeMode !== 'untagged')
      return refuse('nativeMode tagged or untagged', quoted('nativeMode', nativeMode));
    tags.push({ id: Number(id), native: nativeMode });
  }
  const [first] = tags;
  if (!first) return refuse('at least one <tag id=…/>', 'none');
  const natives = tags.filter((tag) => tag.native !== undefined);
  if (natives.length > 1) return refuse('one native tag at most', `${natives.length}`);
  const trunk = written === undefined ? tags.length > 1 : written.toLowerCase() === 'yes';
  if (!trunk && written !== undefined) {
    if (written.toLowerCase() !== 'no') return refuse('trunk yes or no', quoted('trunk', written));
    if (tags.length > 1) return refuse("trunk='yes' with several tags", quoted('trunk', written));
    if (natives.length > 0) return refuse("no nativeMode where trunk='no'", quoted('trunk', written));
  }
  const reserved = tags.find(({ id }) => !isVid(id) && !(trunk && id === 0 && !natives.some((tag) => tag.id !== 0)));
  if (reserved) return refuse('a tag id from 1 to 4094', quoted('id', `${reserved.id}`));
  const table = trunk ? trunkTable(tags, natives[0]) : accessTable(first);
  return table.length === 0 ? refuse('a tag id from 1 to 4094', quoted('id', '0')) : { table };
}

// Without a trunk, nativeMode is ignored.
function accessTable({ id }: Tag): VlanTable {
  return vlanTable([{ first: vid(id), last: vid(id), pvid: true, untagged: true }]);
}

// Tag 0 is what libvirt calls "no native tag", and is skipped with it.
function trunkTable(tags: readonly Tag[], native: Tag | undefined): VlanTable {
  const members = tags.filter(({ id }) => id !== 0);
  const rows = members.map(({ id }) => ({ first: vid(id), last: vid(id), pvid: false, untagged: false }));
  if (!native || native.id === 0) return vlanTable(rows);
  const pvid = { first: vid(native.id), last: vid(native.id), pvid: true, untagged: native.native === 'untagged' };
  return vlanTable([...rows, pvid]);
}

function quoted(attribute: string, value: string | undefined): string {
  return value === undefined ? `no ${attribute}` : `${attribute}=${JSON.stringify(value.slice(0, 40))}`;
}
