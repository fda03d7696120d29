// Our element in a domain's <metadata>, as data that is not judged yet: policy/metadata.ts reads it. libvirt keeps what it does not
// know there as it is, and `virsh metadata` gives the namespace to the element itself (src/util/virxml.c, virXMLInjectNamespace).
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { METADATA_NAMESPACE, type Metadata, type MetadataElement } from '../../model/snapshot.ts';
import { asNode, attribute, child, decode, type Node, XML_OPTIONS } from './xml-node.ts';

// A VM with 4094 VLANs written one by one has 20 kB; other programs' metadata beside ours may be longer.
const MAX_TEXT = 64 * 1024;
const MAX_OTHERS = 1024 * 1024;

const parser = new XMLParser(XML_OPTIONS);

/** The elements of our namespace in `text`, <metadata> as written; undefined where there is none. Never throws: what cannot be read is a problem. */
export function readMetadata(text: string): Metadata | undefined {
  if (text.length > MAX_OTHERS) return { problem: `has ${text.length} characters; expected at most ${MAX_OTHERS}` };
  try {
    if (XMLValidator.validate(text) !== true) return UNREADABLE;
    const root = child(parser.parse(text) as Node, 'metadata');
    const elements = Object.entries(root ?? {}).flatMap(([tag, list]) =>
      Array.isArray(list) ? (list as readonly (Node | string)[]).flatMap((item) => ours(tag, item, root)) : [],
    );
    if (elements.length === 0) return undefined;
    const length = JSON.stringify(elements).length;
    return length > MAX_TEXT ? { problem: `has ${length} characters; expected at most ${MAX_TEXT}` } : { elements };
  } catch {
    return UNREADABLE;
  }
}

// libxml2 takes more than the parser does. Its message may quote the text, which is not ours alone.
const UNREADABLE: Metadata = { problem: 'cannot be read as XML' };

function ours(tag: string, item: Node | string, outer: Node | undefined): readonly MetadataElement[] {
  const node = asNode(item);
  const prefix = tag.includes(':') ? tag.slice(0, tag.indexOf(':')) : undefined;
  const declaration = prefix === undefined ? 'xmlns' : `xmlns:${prefix}`;
  const namespace = attribute(node, declaration) ?? attribute(outer, declaration);
  return namespace === METADATA_NAMESPACE ? [element(tag, node, 0)] : [];
}

// Ours has two levels; a third is kept so that it can be told.
const MAX_DEPTH = 2;

function element(tag: string, node: Node, depth: number): MetadataElement {
  const attributes: [string, string][] = [];
  const children: MetadataElement[] = [];
  let text = '';
  for (const [key, value] of Object.entries(node)) {
    if (key === '#text') text = typeof value === 'string' ? decode(value).trim() : '';
    else if (key.startsWith('@') && typeof value === 'string') attributes.push([key.slice(1), decode(value)]);
    else if (Array.isArray(value) && depth < MAX_DEPTH)
      for (const item of value as readonly (Node | string)[]) children.push(element(key, asNode(item), depth + 1));
  }
  return { name: tag.slice(tag.indexOf(':') + 1), attributes: attributes.filter(isOwn), children, text };
}

function isOwn([name]: readonly [string, string]): boolean {
  return name !== 'xmlns' && !name.startsWith('xmlns:');
}
