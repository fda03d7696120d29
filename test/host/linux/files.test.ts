import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { files, processExists } from '../../../src/host/linux/files.ts';

const folder = mkdtempSync(join(tmpdir(), 'files-'));
afterAll(() => rmSync(folder, { recursive: true }));

test.each([0, 1, 4095, 4096, 4097, 100_000])('a file of %d bytes is read whole', (size) => {
  const text = 'ü'.repeat(size >> 1) + 'x'.repeat(size & 1);
  writeFileSync(join(folder, 'f'), text);
  expect(files.readText(join(folder, 'f'))).toBe(text);
});

test('a file or folder that is not there is undefined, reading it an error with its code', () => {
  expect(files.stat(join(folder, 'none'))).toBeUndefined();
  expect(files.list(join(folder, 'none'))).toBeUndefined();
  expect(() => files.readText(join(folder, 'none'))).toThrow(expect.objectContaining({ code: 'ENOENT' }));
});

test('a folder is listed in order', () => {
  for (const name of ['b', 'a', 'f']) writeFileSync(join(folder, name), '');
  expect(files.list(folder)).toEqual(['a', 'b', 'f']);
});

test('a fifo that nobody writes to blocks nobody', () => {
  execFileSync('mkfifo', [join(folder, 'fifo')]);
  expect(files.stat(join(folder, 'fifo'))?.isFile).toBe(false);
  expect(() => files.readText(join(folder, 'fifo'))).toThrow('ESPIPE');
});

test('a process is there until it has ended', async () => {
  const child = spawn('sleep', ['60']);
  const { pid = 0 } = child;
  expect(processExists(pid)).not.toBe(false);
  expect(processExists(1)).not.toBe(false);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill();
  await ended;
  // In a container that has processes of its own, nothing can be told.
  expect(processExists(pid)).not.toBe(true);
});
