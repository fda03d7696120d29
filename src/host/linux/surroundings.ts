// What else on a Linux host concerns this program, asked of programs and files; nothing is changed.
import { orUndefined, type Reading } from '../../model/snapshot.ts';
import {
  EXPORTER,
  LIBVIRT_DAEMONS,
  NETWORK_MANAGER,
  NETWORKD,
  REMEDIATOR,
  SOCKETS,
  type Surroundings,
  type Systemd,
} from '../../model/surroundings.ts';
import type { Host } from '../host.ts';
import { files } from './files.ts';
import { type Processes, processes } from './processes.ts';
import { showUnits } from './systemctl.ts';

const TIMEOUT_MS = 10_000;
// systemd.network(5): the first folder wins where names are equal.
const NETWORK_FOLDERS = ['/etc', '/run', '/usr/local/lib', '/usr/lib'].map((folder) => `${folder}/systemd/network`);
const INTERFACES = '/etc/network/interfaces';
const SELINUX = '/sys/fs/selinux';

type Machine = Pick<Processes, 'run'> & Pick<Host, 'stat' | 'readText' | 'list'>;

/** Never rejects for anything the host says. */
export async function readSurroundings(machine: Machine = { ...files, ...processes }): Promise<Surroundings> {
  const [systemd, iproute2, denials] = await Promise.all([
    readSystemd(machine),
    outputOf(machine, 'bridge', ['-V']),
    readDenials(machine),
  ]);
  const isActive = (name: string) => systemd.ok && systemd.value.units.get(name)?.active === 'active';
  return {
    iproute2,
    systemd,
    denials,
    hooksConfined: readOr(machine, `${SELINUX}/enforce`) === '1' && isOff(machine, 'virt_hooks_unconfined'),
    networkFiles: isActive(NETWORKD) ? readNetworkFiles(machine) : [],
    networkManager: isActive(NETWORK_MANAGER) ? await readNetworkManager(machine) : new Map(),
    ifupdown2: exists(machine, '/usr/share/ifupdown2') ? readInterfaces(machine) : undefined,
  };
}

async function readSystemd(machine: Machine): Promise<Reading<Systemd>> {
  const names = [EXPORTER, REMEDIATOR, ...SOCKETS, NETWORKD, NETWORK_MANAGER, ...LIBVIRT_DAEMONS];
  const [version, units] = await Promise.all([
    outputOf(machine, 'systemctl', ['--version']),
    showUnits(names, machine.run),
  ]);
  if (!version.ok) return version;
  if (!units.ok) return units;
  return { ok: true, value: { version: Number(/\d+/.exec(version.value)?.[0]), units: units.value } };
}

// The kernel's own words, which nobody else can write: audit entries of AppArmor, as `apparmor="DENIED" … profile="libvirtd" name="…"`,
// and of SELinux, as `avc:  denied  { execute } … scontext=…:virt_hook_t:…`. Where auditd runs, they are not in the kernel's log, and
// journald has them as audit entries.
async function readDenials(machine: Machine): Promise<readonly string[]> {
  const from = ['_TRANSPORT=kernel', '+', '_TRANSPORT=audit'];
  const args = ['-b', '-q', '-o', 'cat', '-n', '1000', '--grep', 'DENIED|avc: +denied', ...from];
  const { stdout } = await machine.run('journalctl', args, { timeoutMs: TIMEOUT_MS });
  return stdout.split('\n').filter(isHookDenial);
}

/** Whether the line is about libvirt's hooks or what they run. */
export function isHookDenial(line: string): boolean {
  const appArmor = /apparmor="DENIED".*profile="(libvirtd|virtqemud)/.test(line);
  const selinux = /avc: +denied .*virt_hook/.test(line);
  return selinux || (appArmor && /libvirt\/hooks|libvirt-vlan|comm="(bridge|logger|qemu|node)/.test(line));
}

function readNetworkFiles(machine: Machine): Surroundings['networkFiles'] {
  const files = new Map<string, { path: string; text: string }>();
  const additions = new Map<string, { path: string; to: string }>();
  for (const folder of NETWORK_FOLDERS) {
    for (const name of listOr(machine, folder)) {
      const path = `${folder}/${name}`;
      if (name.endsWith('.network') && !files.has(name)) files.set(name, { path, text: readOr(machine, path) ?? '' });
      if (!name.endsWith('.network.d')) continue;
      for (const more of listOr(machine, path).filter((each) => each.endsWith('.conf'))) {
        const key = `${name}/${more}`;
        if (!additions.has(key)) additions.set(key, { path: `${path}/${more}`, to: name.slice(0, -'.d'.length) });
      }
    }
  }
  // NAME.network.d/*.conf adds to NAME.network, in whatever folder that lies.
  const added = [...additions.values()].map(({ path, to }) => ({
    path,
    text: `${files.get(to)?.text ?? ''}\n${readOr(machine, path) ?? ''}`,
  }));
  return [...files.values(), ...added];
}

// nmcli(1): -t separates by colons, and puts a backslash before one in a value.
async function readNetworkManager(machine: Machine): Promise<ReadonlyMap<string, string>> {
  const { stdout } = await machine.run('nmcli', ['-t', '-f', 'DEVICE,STATE', 'device'], { timeoutMs: TIMEOUT_MS });
  return new Map(
    stdout.split('\n').flatMap((line) => {
      const [, device, state] = /^((?:[^\\:]|\\.)+):(.*)$/.exec(line) ?? [];
      return device && state ? [[device, state] as const] : [];
    }),
  );
}

function readInterfaces(machine: Machine): string {
  const further = listOr(machine, `${INTERFACES}.d`).map((name) => readOr(machine, `${INTERFACES}.d/${name}`));
  return [readOr(machine, INTERFACES), ...further].join('\n');
}

// A boolean's file holds its value and the one that is to come: "0 0".
function isOff(machine: Machine, name: string): boolean {
  return readOr(machine, `${SELINUX}/booleans/${name}`)?.startsWith('0') === true;
}

async function outputOf(machine: Machine, command: string, args: readonly string[]): Promise<Reading<string>> {
  const { problem, stdout, stderr } = await machine.run(command, args, { timeoutMs: TIMEOUT_MS });
  return problem === undefined ? { ok: true, value: stdout || stderr } : { ok: false, error: problem };
}

function exists(machine: Machine, path: string): boolean {
  return orUndefined(() => machine.stat(path)) !== undefined;
}

function readOr(machine: Machine, path: string): string | undefined {
  return orUndefined(() => machine.readText(path).trim());
}

function listOr(machine: Machine, path: string): readonly string[] {
  return orUndefined(() => machine.list(path)) ?? [];
}
