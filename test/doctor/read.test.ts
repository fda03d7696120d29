import { expect, test, vi } from 'vitest';
import { runDoctor } from '../../src/cli/doctor.ts';
import { readFacts } from '../../src/doctor/read.ts';
import type { Installation } from '../../src/host/linux/hook-files.ts';
import type { Processes, RunResult } from '../../src/host/linux/processes.ts';
import { isHookDenial, readSurroundings } from '../../src/host/linux/surroundings.ts';
import { parseUnits, showUnits } from '../../src/host/linux/systemctl.ts';
import { createSimHost } from '../../src/host/sim/host.ts';

const FILE = '/etc/libvirt-vlan-exporter/config.yml';
const SHOWN = `Id=libvirt-vlan-exporter.service
LoadState=loaded
ActiveState=active
UnitFileState=enabled
NeedDaemonReload=no
StateChangeTimestampMonotonic=0

Id=systemd-networkd.service
LoadState=loaded
ActiveState=active
UnitFileState=enabled
NeedDaemonReload=yes
StateChangeTimestampMonotonic=2500000

Id=NetworkManager.service
LoadState=loaded
ActiveState=active
UnitFileState=enabled
NeedDaemonReload=no
`;
const installation: Installation = { files: [], libvirt: [9, 0, 0], exists: () => true };
const answer = (stdout: string, stderr = ''): RunResult => ({ stdout, stderr, exitCode: 0, problem: undefined });

/** A simulated host with one VM, and programs that say what `said` holds, by their name and first argument. */
function host(said: Readonly<Record<string, RunResult>> = {}) {
  const sim = createSimHost();
  sim.journal.append({ MESSAGE: 'an entry' });
  sim.addBridge('br0');
  sim.writeFile(FILE, 'bridges: { br0: { vlans: [10], pvid: 1 } }\n');
  sim.start({
    name: 'a',
    uuid: '00000000-0000-0000-0000-000000000001',
    interfaces: [{ mac: '52:54:00:00:00:01', bridge: 'br0' }],
  });
  const preset: Readonly<Record<string, RunResult>> = {
    'systemctl --version': answer('systemd 257 (257.9)\n+PAM\n'),
    'systemctl show': answer(SHOWN),
    'bridge -V': answer('bridge utility, 6.15.0\n'),
    'journalctl -k': answer(''),
    'nmcli -t': answer('br0:connected\nvnet\\:0:unmanaged\n'),
    ...said,
  };
  const run: Processes['run'] = async (command, args) => preset[`${command} ${args[0]}`] ?? answer('');
  const readInstallation = async () => installation;
  const machine = { host: sim, readInstallation, readSurroundings: () => readSurroundings({ ...sim, run }) };
  return { sim, machine };
}

test('units are read from what systemctl prints', () => {
  expect(parseUnits(SHOWN, 1_000_000).get('systemd-networkd.service')).toEqual({
    load: 'loaded',
    active: 'active',
    file: 'enabled',
    stale: true,
    changedAt: 1_002_500,
  });
});

test('what a drop-in of networkd adds is read with the file that it adds to', async () => {
  const { sim, machine } = host();
  sim.writeFile('/etc/systemd/network/10-vm.network', '[Match]\nName=vnet*\n');
  sim.writeFile('/etc/systemd/network/10-vm.network.d/vlans.conf', '[BridgeVLAN]\nVLAN=10\n');
  const { networkFiles } = await machine.readSurroundings();
  const added = networkFiles.find(({ path }) => path === '/etc/systemd/network/10-vm.network.d/vlans.conf');
  expect(added?.text.trim()).toBe('[Match]\nName=vnet*\n[BridgeVLAN]\nVLAN=10');
});

test('a unit that never changed its state, or does not say when it did, has no time of that', () => {
  expect(parseUnits(SHOWN, 1).get('libvirt-vlan-exporter.service')?.changedAt).toBeUndefined();
  expect(parseUnits(SHOWN, 1).get('NetworkManager.service')?.changedAt).toBeUndefined();
});

test("a unit's time is of the clock that files have", async () => {
  const ago = 60_000;
  const stamp = Math.round(Number(process.hrtime.bigint()) / 1e3) - ago * 1e3;
  const units = await showUnits(['a'], async () => answer(`Id=a.service\nStateChangeTimestampMonotonic=${stamp}\n`));
  const changedAt = (units.ok && units.value.get('a.service')?.changedAt) || 0;
  expect(Math.abs(Date.now() - ago - changedAt)).toBeLessThan(5_000);
});

test('where systemctl does not run, that is said of the units', async () => {
  const missing = { stdout: '', stderr: '', exitCode: undefined, problem: 'no such program in PATH' };
  expect(await showUnits(['a'], async () => missing)).toEqual({ ok: false, error: 'no such program in PATH' });
});

test('facts are read from files and programs', async () => {
  const { sim, machine } = host();
  sim.writeFile('/run/systemd/network/10-vm.network', '[BridgeVLAN]');
  sim.writeFile('/usr/lib/systemd/network/10-vm.network', 'not in force');
  sim.writeFile('/etc/default/libvirt-vlan-exporter', '# --web.config.file=/no\nARGS="--web.config.file=/web.yml"\n');
  sim.writeFile('/web.yml', 'basic_auth_users: 7\n');
  const facts = await readFacts(machine, FILE);
  expect(facts.systemd).toMatchObject({ ok: true, value: { version: 257 } });
  expect(facts.networkFiles).toEqual([{ path: '/run/systemd/network/10-vm.network', text: '[BridgeVLAN]' }]);
  expect([...facts.networkManager]).toEqual([
    ['br0', 'connected'],
    ['vnet\\:0', 'unmanaged'],
  ]);
  expect(facts.web).toMatchObject({ file: '/web.yml', parsed: { ok: false } });
  expect(facts.journalProblem).toBeUndefined();
});

test('an empty --web.config.file is none, and not the word behind it', async () => {
  const { sim, machine } = host();
  sim.writeFile('/etc/default/libvirt-vlan-exporter', 'ARGS="--web.config.file= --web.enable-lifecycle"\n');
  expect((await readFacts(machine, FILE)).web).toBeUndefined();
});

test('an executable hook of others that runs bridge with vlan is one that sets VLANs', async () => {
  const { machine } = host();
  const unread = { path: '/unread', kind: 'other', executable: true, uid: 0, mode: 0o755, since: 0 } as const;
  const other = { ...unread, text: 'bridge vlan add vid 7' };
  const files = [
    { ...other, path: '/sets' },
    { ...other, path: '/asleep', executable: false },
    { ...other, path: '/ours', kind: 'ours' as const },
    { ...other, path: '/harmless', text: 'logger vlan of the bridge' },
    unread,
  ];
  const readInstallation = async (): Promise<Installation> => ({ ...installation, files });
  expect((await readFacts({ ...machine, readInstallation }, FILE)).otherHooks).toEqual(['/sets']);
});

test('what cannot be read is in the facts as such', async () => {
  const { machine } = host();
  const readInstallation = () => Promise.reject(new Error('EACCES'));
  const facts = await readFacts({ ...machine, readInstallation }, '/etc/none.yml');
  expect(facts).toMatchObject({
    configFile: '/etc/none.yml',
    config: { ok: false },
    snapshot: undefined,
    hook: { ok: false, error: 'EACCES' },
    otherHooks: [],
    web: undefined,
    remediator: { kind: 'absent' },
  });
});

test('why the journal cannot be read is in the facts', async () => {
  const { machine } = host();
  const journal = createSimHost().journal;
  const facts = await readFacts({ ...machine, host: { ...machine.host, journal } }, FILE);
  expect(facts.journalProblem).toBe('it holds no entry since boot');
});

test('only denials that concern hooks of libvirt count', () => {
  const line = (profile: string, name: string) =>
    `audit: type=1400 audit(1.1:1): apparmor="DENIED" operation="exec" profile="${profile}" name="${name}" comm="rpc-libvirtd"`;
  expect(isHookDenial(line('libvirtd', '/etc/libvirt/hooks/qemu.d/x'))).toBe(true);
  expect(isHookDenial(line('libvirtd', '/var/lib/foreign.img'))).toBe(false);
  expect(isHookDenial(line('cupsd', '/etc/libvirt/hooks/qemu.d/x'))).toBe(false);
  expect(
    isHookDenial('avc:  denied  { execute } for comm="qemu" scontext=system_u:system_r:virt_hook_unconfined_t:s0'),
  ).toBe(true);
});

test('each trouble is one line with what to type, and the exit status is 1; 0 where there is none, 2 where that cannot be told', async () => {
  const out: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => out.push(String(text)) > 0);
  const { machine } = host();
  const options = { 'config.file': FILE, format: 'text' } as const;
  const status = await runDoctor(machine, options);
  const json = await runDoctor(machine, { ...options, format: 'json' });
  const well = host({
    'systemctl show': answer(
      SHOWN.replaceAll('NetworkManager', 'other')
        .replaceAll('systemd-networkd', 'libvirt-vlan-remediator')
        .replace('=yes', '=no'),
    ),
  });
  const none = await runDoctor(well.machine, options);
  well.sim.writeFile('/run/libvirt/qemu/torn.xml', '<domst');
  const untold = await runDoctor(well.machine, options);
  vi.restoreAllMocks();
  expect([status, json, none, untold]).toEqual([1, 1, 0, 2]);
  expect(out[0]).toBe(
    'neither the hook is installed nor does the remediator run: a VM that starts has only the default PVID. To mend it: libvirt-vlan-exporter hook install\n' +
      'NetworkManager owns br0: bringing its connection up again takes ports off the bridge, and their VLANs with them. To mend it: nmcli device set br0 managed no\n',
  );
  expect(JSON.parse(out[1] ?? '')).toMatchObject({
    version: 1,
    troubles: [{ check: 'hook' }, { check: 'networkmanager' }],
    untold: [],
  });
  expect(out[2]).toBe('Nothing to mend.\n');
  expect(out[3]).toMatch(/^Not looked at: domains: torn: .*\n$/);
});
