// What a domain's own metadata asks for, an element of the namespace urn:libvirt-vlan-exporter:1 in its <metadata>:
//   <interfaces>
//     <interface mac='52:54:00:aa:bb:cc' vlans='10, 200-210' pvid='none'/>
//     <interface pvid='100'/>                                                  all its other interfaces
//   </interfaces>
// Anyone who may edit the domain can write it. If a part is not understood, none of it counts.
import { parseMac } from '../model/mac.ts';
import { cut } from '../model/printable.ts';
import { remembered } from '../model/remember.ts';
import type { Metadata, MetadataElement } from '../model/snapshot.ts';
import { isVid, tableFrom, type Vid, type Vids, type VlanTable, vidRange, vidsFrom } from '../model/vlan.ts';
import type { Intent, Misunderstood } from './intent.ts';

/** `vlans` and `pvid` are undefined where the entry leaves them to the bridge. */
export interface MetadataEntry {
  /** In normal form; undefined: all other interfaces. */
  readonly mac: string | undefined;
  readonly vlans: Vids | undefined;
  readonly pvid: Vid | 'none' | undefined;
}

/** What the entries leave out. */
export interface Own {
  readonly vlans: Vids;
  readonly pvid: Vid | undefined;
}

/** What it asks for the interface with this MAC (normal form); undefined where it says nothing of it. */
export function intentOfMetadata(metadata: Metadata, mac: string, own: Own): Intent | undefined {
  const read = entriesOf(metadata);
  if ('problem' in read) return read;
  const entry = read.entries.find((e) => e.mac === mac) ?? read.entries.find((e) => e.mac === undefined);
  if (!entry) return undefined;
  const pvid = entry.pvid === undefined ? own.pvid : entry.pvid === 'none' ? undefined : entry.pvid;
  const table: VlanTable = tableFrom(entry.vlans ?? own.vlans, pvid);
  const { vlans = [] } = entry;
  const asked = vidsFrom([...vlans, ...(typeof entry.pvid === 'number' ? [vidRange(entry.pvid)] : [])]);
  if (table.length > 0) return { table, asked };
  return { problem: { element: say(entry), expected: 'VLANs, or a PVID', found: 'none of both' } };
}

type Entries = { readonly entries: readonly MetadataEntry[] } | { readonly problem: Misunderstood };

/** All entries, or the first thing in the metadata that is not understood. */
export const entriesOf = remembered(readEntries);

const ROOT = 'interfaces';
const ENTRY = 'interface';
const KEYS = ['mac', 'vlans', 'pvid'];

function readEntries(metadata: Metadata): Entries {
  const refuse = (...what: Parameters<typeof wrong>) => ({ problem: wrong(...what) });
  if ('problem' in metadata)
    return {
      problem: { element: '<metadata>', expected: `one <${ROOT}> that can be read`, found: metadata.problem },
    };
  const [root, second] = metadata.elements;
  if (!root || second) return refuse('<metadata>', `one <${ROOT}>`, `${metadata.elements.length} elements`);
  if (root.name !== ROOT) return refuse('<metadata>', `<${ROOT}>`, `<${root.name}>`);
  const odd = root.attributes[0]?.[0] ?? root.children.find((child) => child.name !== ENTRY)?.name;
  if (odd !== undefined || root.text !== '')
    return refuse(`<${ROOT}>`, `only <${ENTRY} mac= vlans= pvid=/>`, odd ?? root.text);
  if (root.children.length === 0) return refuse(`<${ROOT}>`, `at least one <${ENTRY}>`, 'none');
  const entries: MetadataEntry[] = [];
  for (const child of root.children) {
    const entry = readEntry(child);
    if ('element' in entry) return { problem: entry };
    if (entries.some((other) => other.mac === entry.mac))
      return refuse(say(entry), entry.mac ? 'each MAC once' : `one <${ENTRY}> without mac`, 'two');
    entries.push(entry);
  }
  return { entries };
}

function readEntry({ attributes, children, text }: MetadataElement): MetadataEntry | Misunderstood {
  const element = `<${ENTRY}>`;
  const odd = attributes.find(([name]) => !KEYS.includes(name))?.[0] ?? children[0]?.name ?? (text || undefined);
  if (odd !== undefined) return wrong(element, `the attributes ${KEYS.join(', ')} and nothing else`, odd);
  const written = new Map(attributes);
  const [mac, vlans, pvid] = KEYS.map((key) => written.get(key));
  const entry = {
    mac: mac === undefined ? undefined : parseMac(mac),
    vlans: vlans === undefined ? undefined : parseVlans(vlans),
    pvid: pvid === undefined ? undefined : parsePvid(pvid),
  };
  if (mac !== undefined && entry.mac === undefined)
    return wrong(`<${ENTRY} mac>`, 'a MAC address as 52:54:00:aa:bb:cc', mac);
  if (vlans !== undefined && entry.vlans === undefined)
    return wrong(`<${ENTRY} vlans>`, 'VLAN ids from 1 to 4094 and ranges of them, as "10, 20, 200-210"', vlans);
  if (pvid !== undefined && entry.pvid === undefined)
    return wrong(`<${ENTRY} pvid>`, 'a VLAN id from 1 to 4094, or none', pvid);
  if (vlans === undefined && pvid === undefined) return wrong(element, 'vlans or pvid', 'none of both');
  return entry;
}

function parsePvid(text: string): Vid | 'none' | undefined {
  if (text.trim() === 'none') return 'none';
  const id = /^\d{1,4}$/.test(text.trim()) ? Number(text) : 0;
  return isVid(id) ? id : undefined;
}

// Ids and ranges, with commas or blanks between them; none at all where the text is empty.
function parseVlans(text: string): Vids | undefined {
  const parts = text.trim() === '' ? [] : text.trim().split(/\s*,\s*|\s+/);
  const ranges = parts.map((part) => {
    const [, low, high = low] = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(part) ?? [];
    const [first, last] = [Number(low), Number(high)];
    return isVid(first) && isVid(last) && first <= last ? vidRange(first, last) : undefined;
  });
  return ranges.every((range) => range !== undefined) ? vidsFrom(ranges) : undefined;
}

function say({ mac }: Pick<MetadataEntry, 'mac'>): string {
  return mac === undefined ? `<${ENTRY}>` : `<${ENTRY} mac="${mac}">`;
}

function wrong(element: string, expected: string, found: string): Misunderstood {
  return { element, expected, found: cut(found, 60) };
}
