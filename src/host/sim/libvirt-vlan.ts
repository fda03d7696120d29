// <vlan> of the simulated libvirt: its XML, and what libvirt 11 sets on a tap that has just joined its bridge
// (src/util/virnetdevbridge.c, virNetDevBridgeSetupVlans). Only forms that libvirt takes.
import type { Vid } from '../../model/vlan.ts';
import type { Kernel } from './kernel.ts';

/** Several tags are a trunk in any case. `native`: that tag's frames are the untagged ones; `tagged`, yet they leave tagged. */
export interface SimVlan {
  readonly trunk?: boolean;
  readonly tags: readonly { readonly id: number; readonly native?: 'tagged' | 'untagged' }[];
}

export function vlanXml({ trunk, tags }: SimVlan): string {
  const lines = tags.map(({ id, native }) => `<tag id='${id}'${native ? ` nativeMode='${native}'` : ''}/>`);
  return `<vlan${trunk || tags.length > 1 ? " trunk='yes'" : ''}>${lines.join('')}</vlan>`;
}

/** VLAN 1 goes, whatever the bridge's default PVID is. */
export function setupVlans(kernel: Kernel, port: string, { trunk, tags }: SimVlan): void {
  const link = kernel.links.get(port);
  if (!link) throw new Error(`simulated host: no link ${port}`);
  const change = (action: 'add' | 'delete', id: number, pvid: boolean, untagged: boolean) =>
    kernel.changeVlans({ link, self: false, master: false, action, first: id as Vid, last: id as Vid, pvid, untagged });
  change('delete', 1, false, false);
  const isTrunk = trunk || tags.length > 1;
  for (const { id, native } of tags) change('add', id, !isTrunk || !!native, !isTrunk || native === 'untagged');
}
