import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { createConnection, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { takeLock } from '../../../src/host/linux/lock.ts';

function lockFolder(): string {
  const parent = mkdtempSync(join(tmpdir(), 'lock-'));
  onTestFinished(() => rmSync(parent, { recursive: true }));
  return join(parent, 'lock');
}

async function take(folder: string, me: string) {
  const lock = await takeLock(folder, me);
  if (!lock.held) throw new Error(`not held: ${JSON.stringify(lock)}`);
  return lock;
}

/** Somebody who listens on the newest turn and talks as told. */
async function holderThat(folder: string, talk: (connection: Socket) => void): Promise<void> {
  const former = await take(folder, 'former');
  await former.release();
  rmSync(join(folder, '1'));
  const server = createServer((connection) => talk(connection.on('error', () => undefined)));
  await new Promise<void>((resolve) => void server.listen(join(folder, '1'), resolve));
  onTestFinished(() => void server.close());
}

test('one has the lock, the other one learns who', async () => {
  const folder = lockFolder();
  const mine = await take(folder, 'heal, process 1');
  expect(await takeLock(folder, 'remediate')).toEqual({ held: false, holder: 'heal, process 1' });
  await mine.release();
  await (await take(folder, 'remediate')).release();
});

test('who asks and never hangs up does not keep the lock from being given back', async () => {
  const folder = lockFolder();
  const mine = await take(folder, 'me');
  const asking = createConnection({ path: join(folder, '1'), allowHalfOpen: true });
  onTestFinished(() => void asking.destroy());
  await once(asking.resume(), 'end');
  await mine.release();
});

test('nobody but the owner of the folder around it and root may enter', async () => {
  const folder = lockFolder();
  await (await take(folder, 'me')).release();
  expect(statSync(folder).mode & 0o777).toBe(0o700);
});

const asRoot = test.runIf(process.getuid?.() === 0);

asRoot('who has no part in it can neither take the lock nor hold it up', async () => {
  const folder = lockFolder();
  chmodSync(join(folder, '..'), 0o755);
  const script = `
    const held = require('net').createServer().on('error', (e) => process.stdout.write(e.code));
    held.listen(process.argv[1] + '/1', () => process.stdout.write('has it'));`;
  await (await take(folder, 'me')).release();
  const stranger = spawn(process.execPath, ['-e', script, folder], { uid: 65534, gid: 65534, cwd: '/' });
  const said = await new Promise((resolve) => stranger.stdout.once('data', (data) => resolve(String(data))));
  stranger.kill();
  expect(said).toBe('EACCES');
  await (await take(folder, 'me')).release();
});

asRoot("what root leaves is the folder's owner's, so that he can ask and take it", async () => {
  const folder = lockFolder();
  chownSync(join(folder, '..'), 65534, 65534);
  await (await take(folder, 'heal')).release();
  expect([folder, join(folder, '1')].map((path) => statSync(path).uid)).toEqual([65534, 65534]);
});

test('a holder that is killed has no lock any more', async () => {
  const folder = lockFolder();
  mkdirSync(folder);
  const script = `require('net').createServer().listen(process.argv[1], () => process.stdout.write('has it'))`;
  const holder = spawn(process.execPath, ['-e', script, join(folder, '7')]);
  await new Promise((resolve) => holder.stdout.once('data', resolve));
  expect(await takeLock(folder, 'me')).toMatchObject({ held: false, holder: expect.any(String) });
  holder.kill('SIGKILL');
  await new Promise((resolve) => holder.once('exit', resolve));
  const mine = await take(folder, 'me');
  expect(readdirSync(folder)).toEqual(['8']);
  await mine.release();
});

test('of many who try at once, again and again, never do two have it', async () => {
  const folder = lockFolder();
  let holders = 0;
  let turns = 0;
  const worker = async () => {
    for (let i = 0; i < 40; i++) {
      const lock = await takeLock(folder, 'worker');
      if ('problem' in lock) throw new Error(lock.problem);
      if (!lock.held) continue;
      holders += 1;
      expect(holders).toBe(1);
      turns += 1;
      await new Promise((resolve) => setImmediate(resolve));
      holders -= 1;
      await lock.release();
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  expect(turns).toBeGreaterThan(20);
  expect(readdirSync(folder)).toHaveLength(1);
});

test('who was too slow and took a number that was given back has nothing', async () => {
  const folder = lockFolder();
  await (await take(folder, 'first')).release();
  const slow = takeLock(folder, 'slow');
  // While `slow` asks about turn 1, turns 2 and 3 come and 2 goes.
  rmSync(join(folder, '1'));
  const server = createServer((connection) => void connection.end('third'));
  await new Promise<void>((resolve) => void server.listen(join(folder, 'x'), resolve));
  onTestFinished(() => void server.close());
  linkSync(join(folder, 'x'), join(folder, '3'));
  expect(await slow).toMatchObject({ held: false, holder: expect.any(String) });
  expect(existsSync(join(folder, '2'))).toBe(false);
  expect(await takeLock(folder, 'me')).toEqual({ held: false, holder: 'third' });
});

test('of a folder that cannot be used it is told why', async () => {
  expect(await takeLock('/dev/null/lock', 'me')).toEqual({
    held: false,
    problem: expect.stringContaining('ENOTDIR'),
  });
});

test('a holder that says nothing is unknown, and nobody waits for it long', async () => {
  const folder = lockFolder();
  await holderThat(folder, () => undefined);
  expect(await takeLock(folder, 'me')).toEqual({ held: false, holder: 'unknown' });
});

test('nobody waits for a holder that never stops talking', async () => {
  const folder = lockFolder();
  await holderThat(folder, (connection) => {
    const timer = setInterval(() => connection.write('x'), 50);
    connection.on('close', () => clearInterval(timer));
  });
  const begin = performance.now();
  expect(await takeLock(folder, 'me')).toEqual({ held: false, holder: expect.stringMatching(/^x{1,20}$/) });
  expect(performance.now() - begin).toBeLessThan(2000);
});

test('what a holder says of itself is cut and printable', async () => {
  const folder = lockFolder();
  await holderThat(folder, (connection) => void connection.end(`\u001b[31m\n${'x'.repeat(100_000)}`));
  expect(await takeLock(folder, 'me')).toEqual({ held: false, holder: expect.stringMatching(/^[ -~]{200}$/) });
});
