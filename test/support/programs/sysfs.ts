// /sys/class/net of the simulated kernel, as far as the program reads it. Follows the kernel's
// Documentation/ABI/testing/sysfs-class-net and net/bridge/br_sysfs_br.c.
import { type Kernel, portsOf } from '../../../src/host/sim/kernel.ts';

const ROOT = '/sys/class/net';

/** A file's text; undefined where there is no such file. */
export function readSysfs(kernel: Kernel, path: string): string | undefined {
  const [name = '', file = '', ...more] = path.slice(ROOT.length + 1).split('/');
  const link = kernel.links.get(name);
  if (!link) return undefined;
  const key = [file, ...more].join('/');
  if (key === 'address') return `${link.mac}\n`;
  if (key === 'ifindex') return `${link.ifindex}\n`;
  if (key === 'tun_flags' && link.kind === 'tap') return '0x1802\n';
  if (link.kind !== 'bridge') return undefined;
  if (key === 'bridge/vlan_filtering') return `${link.filtering ? 1 : 0}\n`;
  if (key === 'bridge/default_pvid') return `${link.defaultPvid}\n`;
  if (key === 'bridge/vlan_protocol') return '0x8100\n';
  return undefined;
}

/** Names in a folder, sorted; undefined where there is no such folder. */
export function listSysfs(kernel: Kernel, path: string): readonly string[] | undefined {
  if (path === ROOT) return [...kernel.links.keys()].sort();
  const [name = '', folder, ...more] = path.slice(ROOT.length + 1).split('/');
  const link = kernel.links.get(name);
  if (!link || more.length > 0) return undefined;
  if (folder === undefined) {
    const own = ['address', 'ifindex'];
    if (link.kind === 'tap') own.push('tun_flags');
    return link.kind === 'bridge' ? [...own, 'brif', 'bridge'].sort() : own;
  }
  if (link.kind !== 'bridge') return undefined;
  if (folder === 'bridge') return ['default_pvid', 'vlan_filtering', 'vlan_protocol'];
  if (folder === 'brif') {
    return portsOf(kernel.links, name)
      .map((port) => port.name)
      .sort();
  }
  return undefined;
}

/** Whether a path lies in this tree. */
export function isSysfs(path: string): boolean {
  return path === ROOT || path.startsWith(`${ROOT}/`);
}
