// What the hook asks of the machine itself, with a stand-in for bridge(8).
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createHookHost, fileIdentity, keptFile, runInPlace, takeFiles } from '../../../src/host/linux/hook-machine.ts';
import { vidRange } from '../../../src/model/vlan.ts';

const { PATH } = process.env;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hook-machine-'));
});
afterEach(() => {
  process.env.PATH = PATH;
  rmSync(folder, { recursive: true });
});

/** The VLAN tables as the hook reads them, or why not, where `bridge` is that script. `endMs` from now. */
async function vlansOf(script: string, endMs = 60_000) {
  writeFileSync(join(folder, 'bridge'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, 'bridge'), 0o755);
  process.env.PATH = `${folder}:${PATH}`;
  const { vlans } = await createHookHost(performance.now() + endMs).bridges.read([], new Set());
  return vlans.ok ? [...vlans.value] : vlans.error;
}

test('tables are read from what bridge prints, in no language but C', async () => {
  const row = { vlan: 7, flags: ['PVID', 'Egress Untagged'] };
  const dump = JSON.stringify([{ ifname: 'vnet0', vlans: [row] }]);
  expect(await vlansOf(`[ "$LC_ALL" = C ] && cat - && echo '${dump}'`)).toEqual([
    ['vnet0', [{ first: 7, last: 7, pvid: true, untagged: true }]],
  ]);
});

test.each([
  ['exit status', 'echo first >&2; echo last >&2; exit 3', 'exit 3: last'],
  ['signal', 'kill -TERM $$', 'ended by SIGTERM'],
])('where bridge fails, its %s is told', async (_, script, why) => {
  expect(await vlansOf(script)).toBe(`bridge -j -compressvlans vlan show: ${why}`);
});

test('where there is no bridge, that is told', async () => {
  process.env.PATH = folder;
  const { vlans } = await createHookHost(performance.now() + 60_000).bridges.read([], new Set());
  expect(vlans).toEqual({ ok: false, error: 'bridge -j -compressvlans vlan show: no such program in PATH' });
});

test.each([300, 0, -60_000])('a bridge that hangs is killed when the call is to end, in %d ms', async (endMs) => {
  const begin = performance.now();
  expect(await vlansOf('exec sleep 60', endMs)).toBe('bridge -j -compressvlans vlan show: timed out');
  expect(performance.now() - begin).toBeLessThan(9_000);
});

const DELETE = { action: 'delete', port: 'vnet0', ...vidRange(1), pvid: false, untagged: false } as const;

test('changes go to bridge on its stdin', async () => {
  await vlansOf(`case "$*" in *batch*) cat >"${folder}/batch" ;; esac; echo '[]'`);
  const { bridges } = createHookHost(performance.now() + 60_000);
  await bridges.change([DELETE], { ports: [], fdb: [] });
  expect(readFileSync(join(folder, 'batch'), 'utf8')).toContain('vlan del vid 1 dev vnet0\n');
});

test('a change that bridge refuses is told in its words', async () => {
  await vlansOf("case \"$*\" in *batch*) printf 'No.\\nCommand failed -:1\\n' >&2; exit 1 ;; esac; echo '[]'");
  const { bridges } = createHookHost(performance.now() + 60_000);
  const { failures } = await bridges.change([DELETE], { ports: [], fdb: [] });
  expect([...failures]).toEqual([[DELETE, 'No.']]);
});

test("what is kept is read again, and is root's own", () => {
  const path = join(folder, 'run/hook/settings.json');
  const file = keptFile(path);
  expect(file.read()).toBeUndefined();
  file.write('one');
  file.write('two');
  expect(file.read()).toBe('two');
  expect(readdirSync(join(folder, 'run/hook'))).toEqual(['settings.json']);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(join(folder, 'run/hook')).mode & 0o777).toBe(0o700);
});

test('where nothing can be kept, nothing is thrown, and nothing is left', () => {
  mkdirSync(join(folder, 'taken'));
  writeFileSync(join(folder, 'file'), '');
  for (const path of ['taken', 'file/settings.json']) {
    keptFile(join(folder, path)).write('text');
    expect(keptFile(join(folder, path)).read()).toBeUndefined();
  }
  expect(readdirSync(folder)).toEqual(['file', 'taken']);
});

test('files are taken in the order of their names, once', () => {
  const names = Array.from({ length: 40 }, (_, i) => `new.${100 + ((i * 7) % 40)}`);
  for (const name of names) writeFileSync(join(folder, name), name);
  expect(takeFiles(folder)).toEqual([...names].sort());
  expect(takeFiles(folder)).toEqual([]);
  expect(() => takeFiles(join(folder, 'none'))).toThrow('ENOENT');
});

test('a program is known by its file: another one in its place is another program', () => {
  const path = join(folder, 'hook.cjs');
  writeFileSync(path, 'a');
  const before = fileIdentity(path);
  expect(fileIdentity(path)).toBe(before);
  writeFileSync(path, 'longer');
  expect(fileIdentity(path)).not.toBe(before);
});

test('a program run in place has our environment and more; its exit status is told, 1 where it had none', () => {
  expect(runInPlace('sh', ['-c', '[ -n "$PATH" ] && exit $MORE'], { MORE: '7' })).toBe(7);
  expect(runInPlace('sh', ['-c', 'kill -KILL $$'], {})).toBe(1);
  expect(runInPlace(join(folder, 'none'), [], {})).toBe(1);
});
