// A VM of the simulated host, and its libvirt XML. Follows https://libvirt.org/formatdomain.html and the status file that
// libvirt writes to /run/libvirt/qemu (src/conf/domain_conf.c).
import { type SimVlan, vlanXml } from './libvirt-vlan.ts';

export interface SimInterface {
  /** The guest's. */
  readonly mac: string;
  readonly bridge: string;
  /** The tap's name; undefined = libvirt picks vnetN. */
  readonly target?: string;
  /** `network`: the bridge comes from a libvirt network, and stands in `<actual>` of the live XML. */
  readonly type?: 'bridge' | 'network';
  /** macTableManager='libvirt': it keeps the port's FDB. */
  readonly macTable?: 'libvirt';
  /** libvirt's own; set when the tap is plugged, and never again. */
  readonly vlan?: SimVlan;
}

export interface SimVm {
  readonly name: string;
  readonly uuid: string;
  readonly interfaces: readonly SimInterface[];
  /** What stands in <metadata>, as XML. */
  readonly metadata?: string;
}

/** /etc/libvirt/qemu/NAME.xml */
export function persistentXml(vm: SimVm): string {
  return `<!--
WARNING: THIS IS AN AUTO-GENERATED FILE. CHANGES TO IT ARE LIKELY TO BE
OVERWRITTEN AND LOST.
-->

${domainXml(vm, undefined)}
`;
}

/** /run/libvirt/qemu/NAME.xml; `taps` in the order of the interfaces. */
export function liveXml(vm: SimVm, pid: number, taps: readonly string[]): string {
  return `<domstatus state='running' reason='booted' pid='${pid}'>
  <monitor path='/var/lib/libvirt/qemu/monitor.sock' type='unix'/>
${domainXml(vm, taps)}
</domstatus>
`;
}

/** The domain as the hook gets it on stdin. */
export function domainXml(vm: SimVm, taps: readonly string[] | undefined): string {
  const interfaces = vm.interfaces.map((nic, i) => interfaceXml(nic, taps?.[i])).join('\n');
  return `<domain type='kvm'>
  <name>${escapeXml(vm.name)}</name>
  <uuid>${vm.uuid}</uuid>${vm.metadata === undefined ? '' : `\n  <metadata>${vm.metadata}</metadata>`}
  <memory unit='KiB'>1048576</memory>
  <vcpu placement='static'>1</vcpu>
  <os><type arch='x86_64' machine='pc'>hvm</type></os>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
${interfaces}
  </devices>
</domain>`;
}

function interfaceXml(nic: SimInterface, tap: string | undefined): string {
  const manager = nic.macTable === undefined ? '' : ` macTableManager='${nic.macTable}'`;
  const bridge = `<source bridge='${escapeXml(nic.bridge)}'${manager}/>`;
  const type = nic.type ?? 'bridge';
  const source = type === 'bridge' ? bridge : `<source network='${escapeXml(nic.bridge)}-net'/>`;
  const actual = type === 'network' && tap !== undefined ? `<actual type='bridge'>${bridge}</actual>` : '';
  const target = tap ?? nic.target;
  return `    <interface type='${type}'>
      <mac address='${nic.mac}'/>
      ${source}${nic.vlan === undefined ? '' : `\n      ${vlanXml(nic.vlan)}`}${actual}${target === undefined ? '' : `\n      <target dev='${escapeXml(target)}'/>`}
      <model type='virtio'/>
    </interface>`;
}

function escapeXml(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    "'": '&apos;',
    '"': '&quot;',
  };
  return text.replace(/[&<>'"]/g, (char) => entities[char] ?? char);
}
