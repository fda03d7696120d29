import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { expect, onTestFinished, test } from 'vitest';
import { files } from '../../../src/host/linux/files.ts';
import { removeHookFile, writeHookFile } from '../../../src/host/linux/hook-installation.ts';
import { replaceFile } from '../../../src/host/linux/replace-file.ts';
import { OperatorError } from '../../../src/model/mistake.ts';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'vlan-file.'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

/** The umask of a hardened root's shell. */
function strict(): void {
  const before = process.umask(0o077);
  onTestFinished(() => void process.umask(before));
}

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

// A thread has no umask of its own.
const processTest = test.runIf(isMainThread);

processTest('whoever is to read a file may, whatever the umask', () => {
  strict();
  const file = join(folder(), 'x.prom');
  replaceFile(file, 'a 1\n', { mode: 0o644 });
  expect([readFileSync(file, 'utf8'), modeOf(file)]).toEqual(['a 1\n', '644']);
});

processTest('the hook is executable, whatever the umask and whatever was left there', () => {
  strict();
  const at = folder();
  writeFileSync(join(at, '.libvirt-vlan-exporter.new'), 'half', { mode: 0o600 });
  writeHookFile(join(at, 'qemu.d/hook'), '#!/bin/sh\n');
  expect([readFileSync(join(at, 'qemu.d/hook'), 'utf8'), modeOf(join(at, 'qemu.d/hook'))]).toEqual([
    '#!/bin/sh\n',
    '755',
  ]);
});

test('a hook that replaces another may keep its time', () => {
  const hook = join(folder(), 'qemu.d/hook');
  writeHookFile(hook, 'old');
  expect(Date.now() - statSync(hook).mtimeMs).toBeLessThan(60_000);
  writeHookFile(hook, 'new', 1_700_000_000_250);
  expect([readFileSync(hook, 'utf8'), statSync(hook).mtimeMs]).toEqual(['new', 1_700_000_000_250]);
  expect(files.stat(hook)?.ctimeMs).toBe(statSync(hook).ctimeMs);
});

test('a folder that takes no hook is a mistake to be told, and no bug', () => {
  const file = join(folder(), 'file');
  writeFileSync(file, '');
  expect(() => writeHookFile(join(file, 'qemu.d/hook'), '')).toThrow(OperatorError);
  expect(() => removeHookFile(join(file, 'hook'))).toThrow(/hook cannot be removed: ENOTDIR/);
  // Whoever is root already is not told to be.
  const hint = process.getuid?.() === 0 ? /^(?!.*run it as root)/ : /; run it as root$/;
  expect(() => removeHookFile(join(file, 'hook'))).toThrow(hint);
});

test('a hook that is removed takes its folder along, but not one with the hooks of others', () => {
  const top = folder();
  const own = join(top, 'hooks', 'qemu.d', 'ours');
  const other = join(top, 'hooks', 'qemu.d', 'theirs');
  writeHookFile(own, '#!/bin/sh\n');
  writeFileSync(other, '');
  removeHookFile(own);
  expect(readdirSync(join(top, 'hooks', 'qemu.d'))).toEqual(['theirs']);
  rmSync(other);
  writeHookFile(own, '#!/bin/sh\n');
  removeHookFile(own);
  expect(readdirSync(join(top, 'hooks'))).toEqual([]);
});
