// VMs of the host lab: no disk and no guest system, but real QEMU processes with real taps. A start takes many seconds under
// user-mode Linux, so scenarios share VMs: `ensureVm` starts what does not run as wanted, and leaves alone what does.
import { sh } from './scenario.ts';

export interface VmNic {
  readonly mac: string;
  /** `br-mgmt` unless told. */
  readonly bridge?: string;
  /** `<target dev>`: libvirt chooses vnetN unless told. */
  readonly target?: string;
}

/** The domain's XML, as an operator would write it. */
export function vmXml(name: string, nics: readonly VmNic[]): string {
  const interfaces = nics.map(
    ({ mac, bridge = 'br-mgmt', target }) =>
      `<interface type='bridge'><mac address='${mac}'/><source bridge='${bridge}'/>` +
      `${target ? `<target dev='${target}'/>` : ''}<model type='virtio'/><rom enabled='no'/></interface>`,
  );
  return `<domain type='qemu'><name>${name}</name><memory unit='MiB'>16</memory><vcpu>1</vcpu>
 <os><type arch='x86_64' machine='pc'>hvm</type></os><features><acpi/></features>
 <devices><emulator>/usr/bin/qemu-system-x86_64</emulator>${interfaces.join('')}<memballoon model='none'/></devices></domain>`;
}

/** Defines the VM and starts it, unless it runs. Takes 5 to 30 s; several at once take little longer than one. */
export async function ensureVm(name: string, nics: readonly VmNic[]): Promise<void> {
  if ((await state(name)) === 'running') return;
  await sh('cat | virsh define /dev/stdin', { input: vmXml(name, nics) });
  await startVm(name);
}

/** `virsh start`. On a busy machine systemd may answer libvirt after D-Bus's 25 s: then the VM is not started, and is tried again. */
export async function startVm(name: string): Promise<void> {
  const start = () => sh(`virsh start ${name}`, { timeoutMs: 300_000 });
  await start().catch((error: Error) => {
    if (!error.message.includes('error from service: Timeout was reached')) throw error;
    return start();
  });
}

/** Stops the VM and removes its definition; no matter whether it is there. */
export async function removeVm(name: string): Promise<void> {
  await sh(`virsh destroy ${name}; virsh undefine ${name}; true`);
}

/** As libvirt says: `running`, `shut off`, …; undefined where there is no such VM. */
export function state(name: string): Promise<string | undefined> {
  return sh(`virsh domstate ${name}`).then(
    (text) => text.trim(),
    () => undefined,
  );
}

/** The VM's taps in the order of its interfaces, as libvirt has them. */
export async function tapsOf(name: string): Promise<readonly string[]> {
  const rows = (await sh(`virsh domiflist ${name}`)).split('\n').slice(2);
  return rows.map((row) => row.trim().split(/\s+/)[0] ?? '').filter(Boolean);
}
