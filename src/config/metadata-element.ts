// Entries of a domain's metadata, written: as the element that policy/metadata.ts reads, and as text. What an entry leaves out it
// leaves out here too.
import type { MetadataElement } from '../model/snapshot.ts';
import { formatRange } from '../model/vlan.ts';
import type { MetadataEntry } from '../policy/metadata.ts';

export function metadataElement(entries: readonly MetadataEntry[]): MetadataElement {
  return { name: 'interfaces', attributes: [], children: entries.map(entryElement), text: '' };
}

function entryElement({ mac, vlans, pvid }: MetadataEntry): MetadataElement {
  const attributes = Object.entries({ mac, vlans: vlans?.map(formatRange).join(', '), pvid: pvid?.toString() });
  const written = attributes.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  return { name: 'interface', attributes: written, children: [], text: '' };
}

/** As XML. What entries say needs no escapes. */
export function elementText({ name, attributes, children }: MetadataElement): string {
  const tag = [name, ...attributes.map(([key, value]) => `${key}="${value}"`)].join(' ');
  return children.length === 0 ? `<${tag}/>` : `<${tag}>${children.map(elementText).join('')}</${name}>`;
}
