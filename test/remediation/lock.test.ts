import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { takeLock } from '../../src/remediation/lock.ts';

const name = (test: string) => `\0libvirt-vlan-exporter/test-${process.pid}-${test}`;

test('one has the lock, the other one learns who', async () => {
  const mine = await takeLock('heal, process 1', name('two'));
  expect(mine.held).toBe(true);
  expect(await takeLock('remediate', name('two'))).toEqual({ held: false, holder: 'heal, process 1' });
  if (mine.held) await mine.release();
  const next = await takeLock('remediate', name('two'));
  expect(next.held).toBe(true);
  if (next.held) await next.release();
});

test('a holder that is killed has no lock any more', async () => {
  const script = `require('net').createServer().listen(process.argv[1].replace('@', '\\0'), () => process.stdout.write('has it'))`;
  const holder = spawn(process.execPath, ['-e', script, name('dead').replace('\0', '@')]);
  await new Promise((resolve) => holder.stdout.once('data', resolve));
  expect(await takeLock('me', name('dead'))).toMatchObject({ held: false });
  holder.kill('SIGKILL');
  await new Promise((resolve) => holder.once('exit', resolve));
  const mine = await takeLock('me', name('dead'));
  expect(mine.held).toBe(true);
  if (mine.held) await mine.release();
});

test('a holder that says nothing is unknown, and nobody waits for it long', async () => {
  const silent = createServer();
  await new Promise<void>((resolve) => silent.listen(name('silent'), resolve));
  expect(await takeLock('me', name('silent'))).toEqual({ held: false, holder: 'unknown' });
  silent.close();
});

test('what a holder says of itself is cut and printable', async () => {
  const loud = createServer((connection) => {
    connection.on('error', () => undefined);
    connection.end(`\u001b[31m\n${'x'.repeat(100_000)}`);
  });
  await new Promise<void>((resolve) => loud.listen(name('loud'), resolve));
  const lock = await takeLock('me', name('loud'));
  expect(lock).toEqual({ held: false, holder: expect.stringMatching(/^[ -~]{200}$/) });
  loud.close();
});
