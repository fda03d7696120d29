// libvirt's domain XML, as it lies in /etc/libvirt/qemu (persistent), in /run/libvirt/qemu (live, inside <domstatus>) and
// on the hook's stdin. https://libvirt.org/formatdomain.html#network-interfaces
// It may hold secrets (VNC passwords): only what is named here leaves this file.
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import type { Interface, Metadata } from '../../model/snapshot.ts';
import { readInterface } from './interface-xml.ts';
import { readMetadata } from './metadata-xml.ts';
import { child, children, content, type Node } from './xml-node.ts';

/** What the XML says of a domain. */
export interface DomainXml {
  readonly name: string;
  readonly uuid: string | undefined;
  readonly interfaces: readonly Interface[];
  /** Our element in <metadata>; undefined where there is none. */
  readonly metadata: Metadata | undefined;
}

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  parseAttributeValue: false,
  processEntities: false,
  isArray: (_name, _path, _isLeaf, isAttribute) => !isAttribute,
  stopNodes: ['*.metadata', '*.description', '*.title'],
});

/** Throws Error with one line that says what is wrong with the XML. */
export function parseDomainXml(text: string): DomainXml {
  if (text.trim() === '') throw new Error('the XML is empty');
  if (/<!DOCTYPE|<!ENTITY/i.test(text)) throw new Error('the XML has a DOCTYPE, which libvirt never writes');
  const valid = XMLValidator.validate(text);
  if (valid !== true) {
    // Only the code: the message quotes the text, which may be a password.
    throw new Error(`the XML is broken in line ${valid.err.line} (${valid.err.code})`);
  }
  const root = parser.parse(text) as Node;
  const domain = child(root, 'domain') ?? child(child(root, 'domstatus'), 'domain');
  if (!domain) throw new Error('the XML has no <domain>');
  const name = content(domain, 'name');
  if (!name) throw new Error('the XML has no <name>');
  const interfaces = children(domain, 'devices').flatMap((devices) =>
    children(devices, 'interface').map(readInterface),
  );
  return { name, uuid: content(domain, 'uuid'), interfaces, metadata: metadataOf(domain) };
}

function metadataOf(domain: Node): Metadata | undefined {
  const node = child(domain, 'metadata');
  // A stop node's content is its text, as written.
  const text = node?.['#text'];
  return typeof text === 'string' ? readMetadata(node, text) : undefined;
}
