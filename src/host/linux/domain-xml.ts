// libvirt's domain XML, as it lies in /etc/libvirt/qemu (persistent), in /run/libvirt/qemu (live, inside <domstatus>) and
// on the hook's stdin. https://libvirt.org/formatdomain.html#network-interfaces
// It may hold secrets (VNC passwords): only what is named here leaves this file.
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { parseMac } from '../../model/mac.ts';
import type { Interface } from '../../model/snapshot.ts';

/** What the XML says of a domain. */
export interface DomainXml {
  readonly name: string;
  readonly uuid: string | undefined;
  readonly interfaces: readonly Interface[];
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

// With isArray for all, every element is a list of nodes; attributes are '@name'.
type Node = { readonly [key: string]: readonly (Node | string)[] | string | undefined };

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
  return { name, uuid: content(domain, 'uuid'), interfaces };
}

// A network interface's <actual> (live XML) says what the network really gave it.
function readInterface(node: Node): Interface {
  const mac = parseMac(attribute(child(node, 'mac'), 'address') ?? '');
  const target = attribute(child(node, 'target'), 'dev');
  const { bridge, skipped } = place(node);
  if (!mac) return { mac: '', target, bridge: undefined, skipped: 'no valid <mac address>' };
  return { mac, target, bridge, skipped };
}

function place(node: Node): Pick<Interface, 'bridge' | 'skipped'> {
  const actual = child(node, 'actual');
  const type = attribute(actual ?? node, 'type') ?? 'unknown';
  const virtualport = attribute(child(actual, 'virtualport') ?? child(node, 'virtualport'), 'type');
  if (virtualport === 'openvswitch' || virtualport === 'midonet') return { bridge: undefined, skipped: virtualport };
  if (type !== 'bridge' && type !== 'network') {
    return { bridge: undefined, skipped: type === 'direct' ? 'macvtap' : type };
  }
  const bridge = attribute(child(actual, 'source'), 'bridge') ?? attribute(child(node, 'source'), 'bridge');
  return bridge ? { bridge, skipped: undefined } : { bridge: undefined, skipped: `${type} without a bridge` };
}

function children(node: Node | undefined, tag: string): readonly Node[] {
  const list = node?.[tag];
  // An empty element is an empty string.
  return Array.isArray(list) ? list.map((item) => (typeof item === 'string' ? {} : item)) : [];
}

function child(node: Node | undefined, tag: string): Node | undefined {
  return children(node, tag)[0];
}

function attribute(node: Node | undefined, name: string): string | undefined {
  const value = node?.[`@${name}`];
  return typeof value === 'string' ? decode(value) : undefined;
}

function content(node: Node, tag: string): string | undefined {
  const item = node[tag]?.[0];
  const text = typeof item === 'string' ? item : item?.['#text'];
  return typeof text === 'string' ? decode(text) : undefined;
}

const NAMED: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

// The five entities and numeric references; the parser's own entity handling is off, so no entity can expand.
function decode(text: string): string {
  return text.replace(/&(?:(lt|gt|amp|quot|apos)|#(\d{1,7})|#x([0-9a-f]{1,6}));/gi, (whole, named, dec, hex) => {
    if (named) return NAMED[named.toLowerCase()] ?? whole;
    const code = dec ? Number.parseInt(dec, 10) : Number.parseInt(hex, 16);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
