// Reads what doctor judges. It asks programs and files, and changes nothing.
import { loadSettings } from '../config/load.ts';
import type { Settings } from '../config/settings.ts';
import type { Installation } from '../hook/installation.ts';
import type { Host } from '../host/host.ts';
import { createStatusReader } from '../host/remediator-status.ts';
import { createSnapshotReader } from '../host/snapshot.ts';
import type { Reading } from '../model/snapshot.ts';
import { parseWebConfig } from '../web/config/web-config.ts';
import {
  EXPORTER,
  type Facts,
  NETWORK_MANAGER,
  NETWORKD,
  REMEDIATOR,
  SOCKETS,
  type Systemd,
  type Unit,
} from './facts.ts';

const TIMEOUT_MS = 10_000;
/** As the exporter's unit reads it. */
const DEFAULTS = '/etc/default/libvirt-vlan-exporter';
// systemd.network(5): the first folder wins where names are equal.
const NETWORK_FOLDERS = ['/etc', '/run', '/usr/local/lib', '/usr/lib'].map((folder) => `${folder}/systemd/network`);
const INTERFACES = '/etc/network/interfaces';
const SELINUX = '/sys/fs/selinux';

/** `look`: the hook as it is on this host. Never rejects for anything the host says. */
export async function readFacts(host: Host, configFile: string, look: () => Promise<Installation>): Promise<Facts> {
  const config = tried<Settings>(() => loadSettings(host, configFile));
  const [systemd, iproute2, hook, journal, denials, snapshot] = await Promise.all([
    readSystemd(host),
    said(host, 'bridge', ['-V']),
    look().then(
      (value) => ({ ok: true, value }) as const,
      (error: Error) => ({ ok: false, error: error.message }) as const,
    ),
    readJournal(host),
    readDenials(host),
    config.ok ? createSnapshotReader(host)(config.value.policy) : undefined,
  ]);
  const isActive = (name: string) => systemd.ok && systemd.value.units.get(name)?.active === 'active';
  return {
    configFile,
    config,
    snapshot,
    iproute2,
    systemd,
    hook,
    otherHooks: hook.ok ? hook.value.files.filter((file) => setsVlans(host, file)).map(({ path }) => path) : [],
    denials,
    hooksConfined: readOr(host, `${SELINUX}/enforce`) === '1' && isOff(host, 'virt_hooks_unconfined'),
    journal,
    networkFiles: isActive(NETWORKD) ? readNetworkFiles(host) : [],
    networkManager: isActive(NETWORK_MANAGER) ? await readNetworkManager(host) : new Map(),
    ifupdown2: exists(host, '/usr/share/ifupdown2') ? readInterfaces(host) : undefined,
    web: readWeb(host),
    remediator: createStatusReader(host)(),
  };
}

async function readSystemd(host: Host): Promise<Reading<Systemd>> {
  const names = [EXPORTER, REMEDIATOR, ...SOCKETS, NETWORKD, NETWORK_MANAGER];
  const [version, shown] = await Promise.all([
    said(host, 'systemctl', ['--version']),
    said(host, 'systemctl', ['show', '-p', 'Id,LoadState,ActiveState,UnitFileState,NeedDaemonReload', ...names]),
  ]);
  if (!version.ok) return version;
  if (!shown.ok) return shown;
  return { ok: true, value: { version: Number(/\d+/.exec(version.value)?.[0]), units: parseUnits(shown.value) } };
}

/** The output of `systemctl show`: a block of `Key=value` lines for each unit, an empty line between two. */
export function parseUnits(text: string): ReadonlyMap<string, Unit> {
  return new Map(
    text.split(/\n\n+/).map((block) => {
      const of = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(block)?.[1] ?? '';
      const stale = of('NeedDaemonReload') === 'yes';
      return [of('Id'), { load: of('LoadState'), active: of('ActiveState'), file: of('UnitFileState'), stale }];
    }),
  );
}

// Where nothing may be read, journalctl says so on stderr and may still exit 0.
async function readJournal(host: Host): Promise<Reading<true>> {
  const { problem, stdout, stderr } = await host.run('journalctl', ['-b', '-n', '1', '-o', 'cat'], {
    timeoutMs: TIMEOUT_MS,
  });
  if (problem !== undefined) return { ok: false, error: problem };
  const complaint = /^.*(No journal files|insufficient permissions|not seeing messages).*$/im.exec(stderr)?.[0];
  if (complaint !== undefined || stdout === '')
    return { ok: false, error: complaint ?? 'it holds no entry since boot' };
  return { ok: true, value: true };
}

// The kernel's own words, which nobody else can write: audit entries of AppArmor, as `apparmor="DENIED" … profile="libvirtd" name="…"`,
// and of SELinux, as `avc:  denied  { execute } … scontext=…:virt_hook_t:…`.
async function readDenials(host: Host): Promise<readonly string[]> {
  const args = ['-k', '-b', '-q', '-o', 'cat', '-n', '1000', '--grep', 'DENIED|avc: +denied'];
  const { stdout } = await host.run('journalctl', args, { timeoutMs: TIMEOUT_MS });
  return stdout.split('\n').filter(isHookDenial);
}

/** Whether the line is about libvirt's hooks or what they run. */
export function isHookDenial(line: string): boolean {
  const appArmor = /apparmor="DENIED".*profile="(libvirtd|virtqemud)/.test(line);
  const selinux = /avc: +denied .*virt_hook/.test(line);
  return selinux || (appArmor && /libvirt\/hooks|libvirt-vlan|comm="(bridge|logger|qemu|node)/.test(line));
}

function readNetworkFiles(host: Host): Facts['networkFiles'] {
  const files = new Map<string, { path: string; text: string }>();
  for (const folder of NETWORK_FOLDERS) {
    for (const name of listOr(host, folder)) {
      const path = `${folder}/${name}`;
      if (name.endsWith('.network') && !files.has(name)) files.set(name, { path, text: readOr(host, path) ?? '' });
      // NAME.network.d/*.conf adds to NAME.network.
      if (name.endsWith('.network.d'))
        for (const more of listOr(host, path).filter((each) => each.endsWith('.conf'))) {
          const text = `${readOr(host, path.slice(0, -2)) ?? ''}\n${readOr(host, `${path}/${more}`) ?? ''}`;
          files.set(`${path}/${more}`, { path: `${path}/${more}`, text });
        }
    }
  }
  return [...files.values()];
}

// nmcli(1): -t separates by colons, and puts a backslash before one in a value.
async function readNetworkManager(host: Host): Promise<ReadonlyMap<string, string>> {
  const { stdout } = await host.run('nmcli', ['-t', '-f', 'DEVICE,STATE', 'device'], { timeoutMs: TIMEOUT_MS });
  return new Map(
    stdout.split('\n').flatMap((line) => {
      const [, device, state] = /^((?:[^\\:]|\\.)+):(.*)$/.exec(line) ?? [];
      return device && state ? [[device, state] as const] : [];
    }),
  );
}

function readInterfaces(host: Host): string {
  const further = listOr(host, `${INTERFACES}.d`).map((name) => readOr(host, `${INTERFACES}.d/${name}`) ?? '');
  return [readOr(host, INTERFACES) ?? '', ...further].join('\n');
}

function readWeb(host: Host): Facts['web'] {
  const file = /^[^#]*--web\.config\.file[= ]+([^\s"']+)/m.exec(readOr(host, DEFAULTS) ?? '')?.[1];
  return file === undefined ? undefined : { file, parsed: tried(() => parseWebConfig(host.readText(file), file)) };
}

function setsVlans(host: Host, file: Installation['files'][number]): boolean {
  return file.kind === 'other' && file.executable && /\bbridge\b.*\bvlan\b/.test(readOr(host, file.path) ?? '');
}

// A boolean's file holds its value and the one that is to come: "0 0".
function isOff(host: Host, name: string): boolean {
  return readOr(host, `${SELINUX}/booleans/${name}`)?.startsWith('0') === true;
}

async function said(host: Host, command: string, args: readonly string[]): Promise<Reading<string>> {
  const { problem, stdout, stderr } = await host.run(command, args, { timeoutMs: TIMEOUT_MS });
  return problem === undefined ? { ok: true, value: stdout || stderr } : { ok: false, error: problem };
}

function tried<T>(read: () => T): Reading<T> {
  try {
    return { ok: true, value: read() };
  } catch (error) {
    return { ok: false, error: (error as Error).message };
  }
}

function exists(host: Host, path: string): boolean {
  const found = tried(() => host.stat(path));
  return found.ok && found.value !== undefined;
}

function readOr(host: Host, path: string): string | undefined {
  const read = tried(() => host.readText(path));
  return read.ok ? read.value.trim() : undefined;
}

function listOr(host: Host, path: string): readonly string[] {
  const read = tried(() => host.list(path));
  return read.ok ? (read.value ?? []) : [];
}
