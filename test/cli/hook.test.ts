// `hook install|status|uninstall` on a machine that is made up: what is written and removed, what is printed.
import { afterEach, expect, test, vi } from 'vitest';
import { runInstall } from '../../src/cli/hook/install.ts';
import { runStatus } from '../../src/cli/hook/status.ts';
import type { HookTools } from '../../src/cli/hook/tools.ts';
import { runUninstall } from '../../src/cli/hook/uninstall.ts';
import { hookScript } from '../../src/hook/script.ts';
import { HOOK_FILE, HOOK_FOLDER, type HookFile } from '../../src/host/linux/hook-files.ts';

afterEach(() => vi.restoreAllMocks());

const PLACE = `${HOOK_FOLDER}/libvirt-vlan-exporter`;
const CONFIG = '/etc/x.yml';
const PROGRAM = { node: '/usr/bin/node', script: '/usr/lib/x/hook.sh' };
const TEXT = hookScript({ ...PROGRAM, config: CONFIG });
const FILE = { path: PLACE, kind: 'ours', executable: true, uid: 0, mode: 0o755, since: 2000, text: TEXT } as const;
const LOOKED_AT_1 = { load: 'loaded', active: 'active', file: 'enabled', stale: false, changedAt: 1 };

/** A machine with these files of hooks; what was done to it, and printed, line by line. */
function machine(
  files: readonly HookFile[],
  more: { libvirt?: readonly number[]; gone?: string; systemd?: boolean } = {},
) {
  const { libvirt = [9, 0, 0], gone, systemd = false } = more;
  let there = files;
  const done: string[] = [];
  const exists = (path: string) => path !== gone;
  const tools: HookTools = {
    read: async () => ({ files: there, libvirt: libvirt.length > 0 ? libvirt : undefined, exists }),
    units: async () =>
      systemd
        ? { ok: true, value: new Map([['libvirtd.service', LOOKED_AT_1]]) }
        : { ok: false, error: 'no systemctl' },
    write: (path, text, since) => {
      done.push(`write ${path} ${since}`);
      there = [...there.filter((file) => file.path !== path), { ...FILE, path, text }];
    },
    remove: (path) => {
      done.push(`remove ${path}`);
      there = there.filter((file) => file.path !== path);
    },
    program: () => PROGRAM,
  };
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => done.push(String(text).trimEnd()) > 0);
  return { tools, done };
}

const FIRST = 'libvirt notices its first hook when it reloads: systemctl reload libvirtd (or virtqemud).';

test('the first installation writes the file, and tells what is still to be done', async () => {
  const { tools, done } = machine([], { gone: CONFIG });
  expect(await runInstall(tools, CONFIG)).toBe(0);
  expect(done).toEqual([
    `write ${PLACE} undefined`,
    `${PLACE} is installed.`,
    `There is no ${CONFIG} yet; until there is, the hook only reports that.`,
    FIRST,
  ]);
});

test('where systemd tells which daemon did not look since, that daemon is named', async () => {
  const { tools, done } = machine([], { systemd: true });
  expect(await runInstall(tools, CONFIG)).toBe(0);
  expect(done.slice(2)).toEqual([
    expect.stringMatching(/^Note: libvirtd has not looked .*systemctl reload libvirtd\.$/),
  ]);
});

test('once more it changes nothing', async () => {
  const { tools, done } = machine([FILE]);
  expect(await runInstall(tools, CONFIG)).toBe(0);
  expect(done).toEqual([`${PLACE} is installed already.`]);
});

test('an upgrade keeps the time since when libvirt knows of it, and takes older ones of ours away, no others', async () => {
  const old = { ...FILE, path: HOOK_FILE, text: 'old', since: 1000 };
  const other: HookFile = { ...FILE, path: `${HOOK_FOLDER}/other`, kind: 'other' };
  const { tools, done } = machine([old, other]);
  expect(await runInstall(tools, CONFIG)).toBe(0);
  expect(done).toEqual([
    `write ${PLACE} 1000`,
    `${PLACE} is installed.`,
    `remove ${HOOK_FILE}`,
    `${HOOK_FILE}, an older installation of it, is removed.`,
  ]);
});

test('where its place is taken, nothing is written', async () => {
  const { tools, done } = machine([{ ...FILE, path: HOOK_FILE, kind: 'original' }], { libvirt: [6, 0, 0] });
  expect(await runInstall(tools, CONFIG)).toBe(1);
  expect(done).toEqual([expect.stringMatching(/^Note: libvirt 6\.0\.0 runs only .*\.$/)]);
});

test('the status tells each hook, what ours runs, and what is wrong', async () => {
  const well = machine([FILE, { ...FILE, path: '/other', kind: 'other' }]);
  expect(await runStatus(well.tools)).toBe(0);
  expect(well.done).toEqual([
    'libvirt 9.0.0',
    `${PLACE}: this hook`,
    `  runs ${PROGRAM.script} with ${PROGRAM.node}, config ${CONFIG}`,
    '/other: a hook of somebody else',
  ]);
  const none = machine([], { libvirt: [] });
  expect(await runStatus(none.tools)).toBe(1);
  expect(none.done).toEqual([
    'libvirt not found',
    expect.stringMatching(/^Note: the hook is not installed/),
    expect.stringMatching(/^Note: no libvirt daemon was found/),
  ]);
  const unaware = machine([FILE], { systemd: true });
  expect(await runStatus(unaware.tools)).toBe(1);
  expect(unaware.done.at(-1)).toMatch(/^Note: libvirtd has not looked/);
});

test('what is removed is ours alone', async () => {
  const { tools, done } = machine([FILE, { ...FILE, path: '/other', kind: 'other' }]);
  await runUninstall(tools);
  await runUninstall(tools);
  expect(done).toEqual([`remove ${PLACE}`, `${PLACE} is removed.`, 'The hook is not installed; nothing to remove.']);
});
