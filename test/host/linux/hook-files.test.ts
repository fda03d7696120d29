import { expect, test } from 'vitest';
import { findHookFiles, HOOK_FILE, HOOK_FOLDER, hookInstalled } from '../../../src/host/linux/hook-files.ts';
import { createSimHost } from '../../../src/host/sim/host.ts';
import { ORIGINAL_HOOK } from '../../fixtures/original-hook.ts';

const OURS = '# libvirt-vlan-exporter: hook\n';

/** A host with these files; all have that mode. */
function withFiles(files: Readonly<Record<string, string>>, how: { mode?: number } = { mode: 0o755 }) {
  const sim = createSimHost();
  for (const [path, text] of Object.entries(files)) sim.writeFile(path, text);
  const stat = (path: string) => {
    const found = sim.stat(path);
    return found && { ...found, ...how, uid: 0 };
  };
  return { ...sim, stat };
}

test('hooks are looked for where libvirt looks, in its order', () => {
  const files = {
    '/etc/libvirt/hooks/qemu.d/b': 'b',
    '/etc/libvirt/hooks/qemu.d/a': OURS,
    '/etc/libvirt/hooks/qemu': 'q',
  };
  expect(findHookFiles(withFiles(files))).toMatchObject([
    { path: HOOK_FILE, kind: 'other', executable: true, mode: 0o755, uid: 0, text: 'q' },
    { path: `${HOOK_FOLDER}/a`, kind: 'ours', text: OURS },
    { path: `${HOOK_FOLDER}/b`, kind: 'other', text: 'b' },
  ]);
  expect(findHookFiles(createSimHost())).toEqual([]);
});

test('a folder in the place of a hook is none', () => {
  expect(findHookFiles(withFiles({ '/etc/libvirt/hooks/qemu/README': '' }))).toEqual([]);
});

test.each([
  ['for its owner', { mode: 0o744 }, true],
  ['for anybody', { mode: 0o645 }, true],
  ['for nobody', { mode: 0o666 }, false],
  ['where the host has no modes', {}, true],
])('whether it is executable %s', (_, how, executable) => {
  const host = withFiles({ [HOOK_FILE]: OURS }, how);
  expect(findHookFiles(host).map((file) => file.executable)).toEqual([executable]);
  expect(hookInstalled(host)).toBe(executable);
});

test('ours and the original are a hook that sets VLANs, a hook of somebody else is none', () => {
  expect(hookInstalled(withFiles({ [HOOK_FILE]: ORIGINAL_HOOK }))).toBe(true);
  expect(hookInstalled(withFiles({ [HOOK_FILE]: 'exit 0', [`${HOOK_FOLDER}/x`]: OURS }))).toBe(true);
  expect(hookInstalled(withFiles({ [HOOK_FILE]: 'bridge vlan show' }))).toBe(false);
  expect(hookInstalled(withFiles({ [HOOK_FILE]: 'logger -t "libvirt-hook[x]"' }))).toBe(false);
  expect(hookInstalled(createSimHost())).toBe(false);
});

test('where the files cannot be read, nobody knows whether there is a hook', () => {
  const readText = () => {
    throw new Error('permission denied');
  };
  expect(hookInstalled({ ...withFiles({ [HOOK_FILE]: OURS }), readText })).toBeUndefined();
});
