// libvirt's domain XML, as it lies in /etc/libvirt/qemu (persistent), in /run/libvirt/qemu (live, inside <domstatus>) and
// on the hook's stdin. https://libvirt.org/formatdomain.html#network-interfaces
// It may hold secrets (VNC passwords): only what is named here leaves this file.
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import type { Interface, Metadata } from '../../model/snapshot.ts';
import { cutDomainXml } from './domain-xml-cut.ts';
import { readInterface } from './interface-xml.ts';
import { readMetadata } from './metadata-xml.ts';
import { attribute, child, children, content, type Node, XML_OPTIONS } from './xml-node.ts';

/** What the XML says of a domain. */
export interface DomainXml {
  /** As `nameInXml` has it. */
  readonly name: string;
  readonly uuid: string | undefined;
  readonly interfaces: readonly Interface[];
  /** Of live XML: the process that runs the domain. */
  readonly pid: number | undefined;
  /** Our element in <metadata>; undefined where there is none. */
  readonly metadata: Metadata | undefined;
}

const parser = new XMLParser({
  ...XML_OPTIONS,
  trimValues: false,
  // As deep as libxml2 goes (xmlParserMaxDepth).
  maxNestedTags: 2048,
});

/** Throws Error with one line that says what is wrong with the XML. */
export function parseDomainXml(text: string): DomainXml {
  if (text.trim() === '') throw new Error('the XML is empty');
  const { domain: rest, metadata } = cutDomainXml(text);
  const valid = XMLValidator.validate(rest);
  if (valid !== true) {
    // Only the code: the message quotes the text, which may be a password.
    throw new Error(`the XML is broken in line ${valid.err.line} (${valid.err.code})`);
  }
  const root = parse(rest);
  const status = child(root, 'domstatus');
  const domain = child(root, 'domain') ?? child(status, 'domain');
  if (!domain) throw new Error('the XML has no <domain>');
  const name = content(domain, 'name');
  if (!name) throw new Error('the XML has no <name>');
  const interfaces = children(domain, 'devices').flatMap((devices) =>
    children(devices, 'interface').map(readInterface),
  );
  const runs = ['running', undefined].includes(attribute(status, 'state'));
  const pid = processId(attribute(status, 'pid'));
  return {
    name: nameInXml(name),
    uuid: content(domain, 'uuid'),
    interfaces: runs ? interfaces : interfaces.map(withoutMacTable),
    pid,
    metadata: metadata === undefined ? undefined : readMetadata(metadata),
  };
}

/**
 * A domain's name as its XML says it. libvirt writes a carriage return there as it is, and whoever reads XML takes it for a line feed,
 * which no name has: so two names stay two.
 */
export function nameInXml(name: string): string {
  return name.replaceAll('\r', '\n');
}

// libvirt adds its FDB entries when the vCPUs start, and takes them away when they pause (qemuInterfaceStartDevices). One that is there
// already when they start is an error to it, and those after it are not added: nobody else may add any meanwhile.
function withoutMacTable({ macTable: _, ...iface }: Interface): Interface {
  return iface;
}

function processId(text: string | undefined): number | undefined {
  return text !== undefined && /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined;
}

function parse(text: string): Node {
  try {
    return parser.parse(text) as Node;
  } catch {
    // The parser refuses more than the validator does (`<!'`), and its message quotes the text around it.
    throw new Error('the XML is broken or nested too deeply');
  }
}
