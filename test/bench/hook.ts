// `start` of the hook on this machine, from its call to its exit status, beside what it is made of: node alone and the processes that it
// needs. Run in a mount namespace of its own (`unshare --mount`), where /sys/class/net is a tmpfs with one bridge and one tap, and
// bridge(8) and logger(1) are stand-ins. Arguments: the built hook.sh, a config file. Prints a Figure.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Figure, ms } from './figures.ts';

const ROUNDS = 40;
const TARGET = 1.5;

const BRIDGE = `#!/bin/sh
now='[{"ifname":"vnet0","vlans":[{"vlan":1,"flags":["PVID","Egress Untagged"]}]}]'
after='[{"ifname":"vnet0","vlans":[{"vlan":10},{"vlan":20},{"vlan":30},{"vlan":40},{"vlan":100,"flags":["PVID","Egress Untagged"]},{"vlan":110},{"vlan":120}]}]'
case "$*" in
*-batch*) while read -r line; do case $line in "vlan show") echo "$now" ;; *) now=$after ;; esac; done ;;
*) echo "$now" ;;
esac
`;

// As libvirt 9 writes a small server's.
const XML = `<domain type='kvm' id='7'>
  <name>vyos-01</name>
  <uuid>6f2c1e4a-5b1d-4c8e-9a57-0d7a3b6c1f20</uuid>
  <metadata><libosinfo:libosinfo xmlns:libosinfo="http://libosinfo.org/xmlns/libvirt/domain/1.0"><libosinfo:os id="http://debian.org/debian/12"/></libosinfo:libosinfo></metadata>
  <memory unit='KiB'>2097152</memory>
  <currentMemory unit='KiB'>2097152</currentMemory>
  <vcpu placement='static'>2</vcpu>
  <resource><partition>/machine</partition></resource>
  <os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type><boot dev='hd'/></os>
  <features><acpi/><apic/></features>
  <cpu mode='host-passthrough' check='none' migratable='on'/>
  <clock offset='utc'><timer name='rtc' tickpolicy='catchup'/><timer name='pit' tickpolicy='delay'/><timer name='hpet' present='no'/></clock>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>destroy</on_crash>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2' discard='unmap'/>
      <source file='/var/lib/libvirt/images/vyos-01.qcow2' index='1'/>
      <backingStore/>
      <target dev='vda' bus='virtio'/>
      <alias name='virtio-disk0'/>
      <address type='pci' domain='0x0000' bus='0x04' slot='0x00' function='0x0'/>
    </disk>
${Array.from(
  { length: 8 },
  (_, n) => `    <controller type='pci' index='${n}' model='pcie-root-port'>
      <model name='pcie-root-port'/>
      <target chassis='${n}' port='0x1${n}'/>
      <alias name='pci.${n}'/>
      <address type='pci' domain='0x0000' bus='0x00' slot='0x02' function='0x${n}'/>
    </controller>`,
).join('\n')}
    <interface type='bridge'>
      <mac address='52:54:00:00:00:01'/>
      <source bridge='br-mgmt'/>
      <target dev='vnet0'/>
      <model type='virtio'/>
      <alias name='net0'/>
      <address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x0'/>
    </interface>
    <serial type='pty'><source path='/dev/pts/3'/><target type='isa-serial' port='0'><model name='isa-serial'/></target><alias name='serial0'/></serial>
    <console type='pty' tty='/dev/pts/3'><source path='/dev/pts/3'/><target type='serial' port='0'/><alias name='serial0'/></console>
    <graphics type='vnc' port='5900' autoport='yes' listen='127.0.0.1'><listen type='address' address='127.0.0.1'/></graphics>
    <video><model type='virtio' heads='1' primary='yes'/><alias name='video0'/></video>
    <memballoon model='virtio'><alias name='balloon0'/></memballoon>
    <rng model='virtio'><backend model='random'>/dev/urandom</backend><alias name='rng0'/></rng>
  </devices>
</domain>
`;

const [script = '', config = ''] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'hook-bench-'));
prepare();
// Else node reads certificates at its start, for 30 ms.
const { NODE_EXTRA_CA_CERTS: _, ...environment } = process.env;
const env = {
  ...environment,
  PATH: `${folder}:${process.env.PATH}`,
  LIBVIRT_VLAN_NODE: process.execPath,
  LIBVIRT_VLAN_CONFIG: config,
  LIBVIRT_VLAN_RUN: join(folder, 'run'),
};
const commands: Readonly<Record<string, readonly [command: string, args: readonly string[], input: string]>> = {
  hook: ['sh', [script, 'vyos-01', 'start', 'begin', '-'], XML],
  sh: ['sh', ['-c', 'exit 0'], XML],
  node: ['timeout', ['8', process.execPath, '-e', '0'], XML],
  dump: ['bridge', ['-j', '-compressvlans', 'vlan', 'show'], ''],
  batch: ['bridge', ['-j', '-compressvlans', '-force', '-batch', '-'], 'vlan add vid 10 dev vnet0\nvlan show\n'],
};
try {
  const least = leastTimes();
  const parts = least.sh + least.node + least.dump + least.batch;
  const ratio = least.hook / parts;
  const figure: Figure = {
    what: `the hook's start, ${ms(least.hook)}: sh ${ms(least.sh)}, node under timeout ${ms(least.node)}, bridge ${ms(least.dump)} and ${ms(least.batch)}`,
    measured: `${ratio.toFixed(2)} x`,
    target: `<= ${TARGET} x`,
    met: ratio <= TARGET,
  };
  console.log(JSON.stringify(figure));
} finally {
  rmSync(folder, { recursive: true });
}

function prepare(): void {
  const net = '/sys/class/net';
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', 'none', net], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`mount: ${stderr}`);
  for (const path of ['br-mgmt/bridge', 'br-mgmt/brif/vnet0', 'vnet0'])
    mkdirSync(`${net}/${path}`, { recursive: true });
  for (const [path, text] of Object.entries({
    'br-mgmt/bridge/vlan_filtering': '1',
    'br-mgmt/bridge/default_pvid': '1',
    'br-mgmt/bridge/vlan_protocol': '0x8100',
    'vnet0/address': 'fe:54:00:00:00:01',
    'vnet0/tun_flags': '0x1002',
  }))
    writeFileSync(`${net}/${path}`, `${text}\n`);
  writeFileSync(join(folder, 'bridge'), BRIDGE, { mode: 0o755 });
  writeFileSync(join(folder, 'logger'), `#!/bin/sh\nexec cat >>${folder}/journal\n`, { mode: 0o755 });
}

// The least of each: what others do on this machine only adds to it. In turn, so that all have the same company.
function leastTimes() {
  const least: Record<string, number> = {};
  // The first one reads the config, and keeps it.
  time('hook');
  for (let i = 0; i < ROUNDS; i++) {
    for (const name of Object.keys(commands))
      least[name] = Math.min(least[name] ?? Number.POSITIVE_INFINITY, time(name));
  }
  return least as { hook: number; sh: number; node: number; dump: number; batch: number };
}

function time(name: string): number {
  const [command, args, input] = commands[name] as [string, string[], string];
  const begin = performance.now();
  const { status } = spawnSync(command, args, { input, env });
  const took = performance.now() - begin;
  if (status !== 0) throw new Error(`${name} ended with exit status ${status}`);
  return took;
}
