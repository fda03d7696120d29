// The built bundle as it is installed, given what it should not be given: a message, exit status 2, never a stack trace.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { main as bundle, hook } from '../../rolldown.config.ts';
import { STATUS } from '../../src/hook/run.ts';

const folder = mkdtempSync(join(tmpdir(), 'libvirt-vlan-exporter-'));
const main = join(folder, 'dist/main.js');
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  for (const config of [bundle, hook]) {
    const build = await rolldown(config);
    await build.write({ ...config.output, dir: at(config.output.dir) });
  }
  writeFileSync(at('package.json'), '{"type":"module"}');
  writeFileSync(at('good.yml'), 'bridges: {no-such-bridge: {vlans: [10], pvid: 1}}\n');
  writeFileSync(at('bad.yml'), 'bridges: {br0: {vlans: [10], pvid: 9999, colour: red}}\n');
  writeFileSync(at('binary'), Buffer.from(Array.from({ length: 2000 }, (_, i) => (i * 7919) % 256)));
  writeFileSync(at('huge'), 'x'.repeat(10_000_000));
  writeFileSync(at('deep'), '['.repeat(100_000));
  writeFileSync(at('empty'), '');
  symlinkSync('loop', at('loop'));
  mkdirSync(at('folder'));
  spawnSync('mkfifo', [at('fifo')]);
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

function run(args: readonly string[], stdout: 'pipe' | 'closed' = 'pipe'): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'], timeout: 20_000 });
    let out = '';
    let err = '';
    if (stdout === 'closed') child.stdout.destroy();
    child.stdout.on('data', (data) => (out += data));
    child.stderr.on('data', (data) => (err += data));
    child.on('close', (status) => resolve({ status, out, err }));
  });
}

const READERS = ['check', 'metrics', 'plan', 'heal'];
const FILES = ['none', 'folder', 'binary', 'huge', 'deep', 'empty', 'loop', 'fifo', 'bad.yml'];

test.concurrent.each([
  [],
  ['nonsense'],
  ['check', '--nonsense'],
  ['check', '--format', 'xml'],
  ['check', '--config.file'],
  ['config'],
  ['config', 'check', 'a', 'b'],
  ['config', 'check', ''],
  ['config', 'check', '--config.file', at('bad.yml')],
  ['check', '--config.file', at('good.yml'), 'no-such-domain'],
  ['check', '--config.file', at('good.yml')],
  ...FILES.map((file) => ['config', 'check', at(file)]),
])('%j %j %j %j', { timeout: 120_000 }, async (...args) => {
  const { status, out, err } = await run(args.filter((arg) => arg !== undefined));
  expect({ status, err }).toEqual({ status: 2, err: expect.not.stringMatching(/^\s+at /m) });
  expect(`${out}${err}`.trim()).not.toBe('');
});

test('a mistake in the config is told by line and key, for each command alike', async () => {
  const expected = [
    `${at('bad.yml')}:1:36: bridges.br0.pvid: expected a VLAN id from 1 to 4094, or none, found 9999`,
    `${at('bad.yml')}:1:42: bridges.br0.colour: unknown key; known here: vlans, pvid, uplinks, unexpected, rules, intent, allowed, host`,
  ].join('\n');
  for (const command of READERS) {
    expect((await run([command, '--config.file', at('bad.yml')])).err).toBe(`libvirt-vlan-exporter: ${expected}\n`);
  }
}, 120_000);

test('a reader that has gone away is no error', async () => {
  expect(await run(['config', 'schema'], 'closed')).toEqual({ status: 0, out: '', err: '' });
}, 60_000);

test('a full disk is', () => {
  const { status, stderr } = spawnSync('sh', ['-c', `"${process.execPath}" "${main}" config schema >/dev/full`]);
  expect([status, `${stderr}`]).toEqual([2, 'libvirt-vlan-exporter: stdout: ENOSPC: no space left on device, write\n']);
}, 60_000);

test('where stderr cannot be written, the exit status stays what it was', () => {
  const run = (args: string) => spawnSync('sh', ['-c', `"${process.execPath}" "${main}" ${args} 2>/dev/full`]).status;
  expect(run(`config check ${at('good.yml')}`)).toBe(0);
  expect(run(`check --config.file ${at('good.yml')} no-such-domain`)).toBe(2);
  expect(run(`config check ${at('bad.yml')}`)).toBe(2);
}, 60_000);

test.each(['cannot be written', 'has no reader any more'])(
  'the exporter serves on where stderr %s',
  async (how) => {
    const socket = at(`${how.length}.sock`);
    const args = [main, 'serve', '--config.file', at('good.yml'), `--web.listen-address=unix:${socket}`];
    const full = openSync('/dev/full', 'w');
    onTestFinished(() => closeSync(full));
    const stderr = how === 'cannot be written' ? full : 'pipe';
    const child = spawn(process.execPath, [...args, '--log.level=debug'], { stdio: ['ignore', 'ignore', stderr] });
    onTestFinished(() => void child.kill('SIGKILL'));
    child.stderr?.once('data', () => child.stderr?.destroy());
    const ended = new Promise((resolve) => child.on('close', (status) => resolve(status)));
    await vi.waitFor(() => expect([existsSync(socket), child.exitCode]).toEqual([true, null]), 20_000);
    expect(await statusOf(socket, '/metrics')).toBe(200);
    child.kill('SIGHUP');
    await vi.waitFor(async () => expect(await statusOf(socket, '/-/healthy')).toBe(200), 20_000);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  },
  60_000,
);

function statusOf(socketPath: string, path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get({ socketPath, path }, (answer) => resolve(answer.resume().statusCode)).on('error', reject);
  });
}

test('nothing of it is coloured when it goes into a file', async () => {
  const { out } = await run(['check', '--config.file', at('good.yml')]);
  expect(out).toContain('cannot tell');
  expect(out).not.toContain('\x1b');
}, 60_000);

test.each([[at('dist/hook/hook.sh')], [main, 'hook']])(
  'the hook ends with 0 and prints nothing, also without a config, a bridge and a logger: %s',
  (...command) => {
    const env = {
      LIBVIRT_VLAN_NODE: process.execPath,
      LIBVIRT_VLAN_CONFIG: at('no-such-file'),
      LIBVIRT_VLAN_RUN: at('run'),
    };
    for (const operation of ['prepare', 'start', 'stopped']) {
      const args = [...command, 'web-1', operation, 'begin', '-'];
      const program = args[0] === main ? process.execPath : 'sh';
      const { status, stdout, stderr } = spawnSync(program, args, { input: '', env, encoding: 'utf8' });
      expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
    }
  },
);

test('the built hook reads XML as the program does, though it is built without what that turns off: entities, numbers', () => {
  const xml = `<?xml version="1.0"?><domain><name>a &amp;lt; 007</name><metadata><x:y xmlns:x="u">&lt;</x:y></metadata></domain>`;
  const args = [at('dist/hook/hook.cjs'), 'web-1', 'start', 'begin', '-'];
  const env = { LIBVIRT_VLAN_CONFIG: at('good.yml'), LIBVIRT_VLAN_RUN: at('run') };
  const { status, stdout } = spawnSync(process.execPath, args, { input: xml, env, encoding: 'utf8' });
  expect(stdout).toMatch(/^MESSAGE=ERROR: start: the XML is that of "a &lt; 007"$/m);
  expect(status).toBe(STATUS.failedOpen);
});

test('a remediator whose status cannot be removed at its end says so, and ends well', async () => {
  // A folder is in the status's place.
  mkdirSync(at('runtime/status.json/x'), { recursive: true });
  const env = { ...process.env, RUNTIME_DIRECTORY: at('runtime'), STATE_DIRECTORY: at('folder') };
  const args = [main, 'remediate', '--dry-run', '--config.file', at('good.yml')];
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: 40_000 });
  let said = '';
  const listen = (data: unknown) => {
    said += data;
    if (said.includes('status could not be published')) child.kill('SIGTERM');
  };
  child.stdout.on('data', listen);
  child.stderr.on('data', listen);
  const status = await new Promise((resolve) => child.on('close', resolve));
  expect({ status, said }).toEqual({ status: 0, said: expect.not.stringMatching(/^\s+at /m) });
  expect(said).toMatch(/EISDIR.*the status could not be removed/);
}, 60_000);

test('a second remediator ends with one message and exit status 2, while the first one runs', async () => {
  mkdirSync(at('alone'));
  const env = { ...process.env, RUNTIME_DIRECTORY: at('alone'), STATE_DIRECTORY: at('folder') };
  const args = [main, 'remediate', '--dry-run', '--log.level', 'error', '--config.file', at('good.yml')];
  const first = spawn(process.execPath, args, { env, stdio: 'ignore', timeout: 40_000 });
  await vi.waitFor(() => expect(existsSync(at('alone/status.json'))).toBe(true), { timeout: 30_000 });
  const second = spawnSync(process.execPath, args, { env, encoding: 'utf8', timeout: 40_000 });
  expect(second).toMatchObject({
    status: 2,
    stdout: '',
    stderr: expect.stringMatching(
      `^libvirt-vlan-exporter: another remediate runs on this host \\(process ${first.pid}, dry run\\)[^\n]*\n$`,
    ),
  });
  expect(existsSync(at('alone/status.json'))).toBe(true);
  first.kill('SIGKILL');
  await once(first, 'exit');
  const third = spawn(process.execPath, args, { env, stdio: 'ignore', timeout: 40_000 });
  const own = () => readdirSync(at('alone/running'));
  await vi.waitFor(() => expect(own()).toEqual(['2']), { timeout: 30_000 });
  third.kill('SIGKILL');
  await once(third, 'exit');
}, 60_000);
