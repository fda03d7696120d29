// An <interface> of a domain: what of it has to do with Linux bridges and their VLANs, and nothing else.
// https://libvirt.org/formatdomain.html#network-interfaces; in live XML, <actual> says what a libvirt network really gave it
// (src/conf/domain_conf.c, virDomainActualNetDefFormat). On the hook's stdin, that stands in <interface> itself.
import { parseMac } from '../../model/mac.ts';
import type { Interface, LibvirtVlan } from '../../model/snapshot.ts';
import { attribute, child, children, type Node } from './xml-node.ts';

/** What is not understood is left out; an interface that has no port of a Linux bridge says why in `skipped`. */
export function readInterface(node: Node): Interface {
  const mac = parseMac(attribute(child(node, 'mac'), 'address') ?? '');
  const target = attribute(child(node, 'target'), 'dev');
  const source = child(node, 'source');
  const wanted = {
    network: attribute(source, 'network'),
    portgroup: attribute(source, 'portgroup'),
    alias: userAlias(attribute(child(node, 'alias'), 'name')),
    vlan: readVlan(child(child(node, 'actual'), 'vlan') ?? child(node, 'vlan')),
  };
  const { bridge, skipped, ...given } = place(node);
  if (!mac) return { mac: '', target, bridge: undefined, skipped: 'no valid <mac address>', ...wanted, ...given };
  return { mac, target, bridge, skipped, ...wanted, ...given };
}

function place(node: Node): Pick<Interface, 'bridge' | 'skipped' | 'ethernet' | 'device' | 'macTable'> {
  const actual = child(node, 'actual');
  const source = (name: string) => attribute(child(actual, 'source'), name) ?? attribute(child(node, 'source'), name);
  const type = attribute(actual ?? node, 'type') ?? 'unknown';
  const virtualport = attribute(child(actual, 'virtualport') ?? child(node, 'virtualport'), 'type');
  if (virtualport === 'openvswitch' || virtualport === 'midonet') return { bridge: undefined, skipped: virtualport };
  if (type === 'ethernet') {
    const managed = attribute(child(node, 'target'), 'managed') !== 'no';
    return { bridge: undefined, skipped: type, ethernet: { managed } };
  }
  if (type === 'direct') return { bridge: undefined, skipped: 'macvtap', device: source('dev') };
  if (type !== 'bridge' && type !== 'network') return { bridge: undefined, skipped: type };
  const bridge = source('bridge');
  if (!bridge) return { bridge: undefined, skipped: `${type} without a bridge` };
  return { bridge, skipped: undefined, macTable: source('macTableManager') === 'libvirt' ? 'libvirt' : undefined };
}

// Names that a user may give begin with "ua-"; libvirt's own (net0) change with the order of the devices.
function userAlias(name: string | undefined): string | undefined {
  return name?.startsWith('ua-') ? name : undefined;
}

function readVlan(node: Node | undefined): LibvirtVlan | undefined {
  if (!node) return undefined;
  const tags = children(node, 'tag').map((tag) => ({
    id: attribute(tag, 'id'),
    nativeMode: attribute(tag, 'nativeMode'),
  }));
  return { trunk: attribute(node, 'trunk'), tags };
}
