import { expect, test } from 'vitest';
import type { Processes, RunResult } from '../../../src/host/linux/processes.ts';
import { readSurroundings } from '../../../src/host/linux/surroundings.ts';
import { memoryHost } from '../../support/memory-host.ts';

const answer = (stdout: string, stderr = ''): RunResult => ({ stdout, stderr, exitCode: 0, problem: undefined });
const failed = (problem: string): RunResult => ({ stdout: '', stderr: '', exitCode: 1, problem });
const unit = (name: string, active: string) => `Id=${name}.service\nLoadState=loaded\nActiveState=${active}\n`;

/** What is read of a host with these files, whose programs answer so, by their name and first argument; and the commands that ran. */
async function read(files: Readonly<Record<string, string>>, said: Readonly<Record<string, RunResult>> = {}) {
  const ran: string[] = [];
  const run: Processes['run'] = async (command, args, { timeoutMs }) => {
    ran.push([command, ...args].join(' '));
    expect(timeoutMs).toBeGreaterThan(1_000);
    return said[`${command} ${args[0]}`] ?? answer('');
  };
  return { ...(await readSurroundings({ ...memoryHost(files), run })), ran };
}

const FOLDERS = ['/etc', '/run', '/usr/local/lib', '/usr/lib'].map((folder) => `${folder}/systemd/network`);
const NETWORKD = { 'systemctl show': answer(unit('systemd-networkd', 'active')), 'systemctl --version': answer('252') };

test('programs are asked for what they are, and units by their names', async () => {
  const { ran } = await read({});
  expect(ran.sort()).toEqual([
    'bridge -V',
    'journalctl -b -q -o cat -n 1000 --grep DENIED|avc: +denied _TRANSPORT=kernel + _TRANSPORT=audit',
    'systemctl --version',
    expect.stringMatching(
      /^systemctl show -p Id,LoadState,ActiveState,UnitFileState,NeedDaemonReload,StateChangeTimestampMonotonic libvirt-vlan-exporter\.service libvirt-vlan-remediator\.service .*systemd-networkd\.service NetworkManager\.service .*libvirtd/,
    ),
  ]);
});

test('a version may stand on stderr; a program that fails is a problem, and the units are unknown', async () => {
  expect((await read({}, { 'bridge -V': answer('', 'bridge utility, 6.1.0') })).iproute2).toEqual({
    ok: true,
    value: 'bridge utility, 6.1.0',
  });
  for (const program of ['bridge -V', 'systemctl --version', 'systemctl show']) {
    const { iproute2, systemd } = await read({}, { ...NETWORKD, [program]: failed('it broke') });
    const broken = { ok: false, error: 'it broke' };
    expect(program === 'bridge -V' ? iproute2 : systemd).toEqual(broken);
  }
});

test('of denials those of hooks are kept', async () => {
  const ours = 'apparmor="DENIED" operation="exec" profile="virtqemud" name="/usr/sbin/bridge" comm="bridge"';
  const avc = 'avc:  denied  { execute } for scontext=system_u:system_r:virt_hook_t:s0';
  const other = 'apparmor="DENIED" profile="libvirtd" name="/images/a.img" comm="rpc-worker"';
  const { denials } = await read({}, { 'journalctl -b': answer([ours, other, avc, 'virt_hook', ''].join('\n')) });
  expect(denials).toEqual([ours, avc]);
});

test.each([
  ['enforced, and hooks are not let off', '1\n', '0 0\n', true],
  ['enforced, and hooks are let off', '1', '1 1', false],
  ['only told of', '0', '0 0', false],
  ['not there', undefined, '0 0', false],
  ['of a policy that knows no such thing', '1', undefined, false],
])('hooks are confined by SELinux that is %s', async (_, enforce, unconfined, confined) => {
  const files = {
    ...(enforce === undefined ? {} : { '/sys/fs/selinux/enforce': enforce }),
    ...(unconfined === undefined ? {} : { '/sys/fs/selinux/booleans/virt_hooks_unconfined': unconfined }),
  };
  expect((await read(files)).hooksConfined).toBe(confined);
});

test("networkd's files are those in force: the first folder wins", async () => {
  const files = Object.fromEntries(FOLDERS.map((folder, i) => [`${folder}/${i}.network`, `own ${i}`]));
  const shared = Object.fromEntries(FOLDERS.slice(1).map((folder, i) => [`${folder}/9.network`, `shared ${i}`]));
  const noise = { [`${FOLDERS[0]}/a.netdev`]: '', [`${FOLDERS[0]}/0.network.d/readme`]: '' };
  const { networkFiles } = await read({ ...files, ...shared, ...noise }, NETWORKD);
  expect(networkFiles.map(({ path, text }) => `${path} ${text}`)).toEqual([
    `${FOLDERS[0]}/0.network own 0`,
    `${FOLDERS[1]}/1.network own 1`,
    `${FOLDERS[1]}/9.network shared 0`,
    `${FOLDERS[2]}/2.network own 2`,
    `${FOLDERS[3]}/3.network own 3`,
  ]);
});

test('a drop-in stands with the text of the file that it adds to, where there is one', async () => {
  const add = `${FOLDERS[3]}/5.network.d/a.conf`;
  expect((await read({ [add]: 'more', [`${FOLDERS[3]}/5.network`]: 'file' }, NETWORKD)).networkFiles).toEqual([
    { path: `${FOLDERS[3]}/5.network`, text: 'file' },
    { path: add, text: 'file\nmore' },
  ]);
  expect((await read({ [add]: 'more' }, NETWORKD)).networkFiles).toEqual([{ path: add, text: '\nmore' }]);
});

test('the file may lie in another folder than its drop-in, and a drop-in hides one of the same name in a later folder', async () => {
  const [etc, , , lib] = FOLDERS;
  const files = {
    [`${lib}/5.network`]: 'file',
    [`${etc}/5.network.d/a.conf`]: 'more',
    [`${lib}/5.network.d/a.conf`]: 'hidden',
  };
  expect((await read(files, NETWORKD)).networkFiles).toEqual([
    { path: `${lib}/5.network`, text: 'file' },
    { path: `${etc}/5.network.d/a.conf`, text: 'file\nmore' },
  ]);
});

test('networkd and NetworkManager are not asked where they do not run', async () => {
  const files = { [`${FOLDERS[0]}/0.network`]: 'x' };
  const idle = [unit('systemd-networkd', 'inactive'), unit('NetworkManager', 'failed')].join('\n');
  const { networkFiles, networkManager, ran } = await read(files, { 'systemctl show': answer(idle) });
  expect([networkFiles, networkManager.size]).toEqual([[], 0]);
  expect(ran.filter((line) => line.startsWith('nmcli'))).toEqual([]);
});

test("NetworkManager's devices are told with their states", async () => {
  const said = {
    'systemctl show': answer(unit('NetworkManager', 'active')),
    'nmcli -t': answer('br0:connected\na\\:b:unmanaged\n:x\nnone:\nnothing\n'),
  };
  const { networkManager, ran } = await read({}, said);
  expect([...networkManager]).toEqual([
    ['br0', 'connected'],
    ['a\\:b', 'unmanaged'],
  ]);
  expect(ran).toContain('nmcli -t -f DEVICE,STATE device');
});

test("ifupdown2's interfaces are read where it is installed, with all of its files", async () => {
  const files = {
    '/etc/network/interfaces': 'auto lo\n',
    '/etc/network/interfaces.d/b': 'b',
    '/etc/network/interfaces.d/a': 'a',
  };
  expect((await read(files)).ifupdown2).toBeUndefined();
  expect((await read({ ...files, '/usr/share/ifupdown2/x': '' })).ifupdown2).toBe('auto lo\na\nb');
  expect((await read({ '/usr/share/ifupdown2/x': '' })).ifupdown2).toBe('');
});
