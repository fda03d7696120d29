import { expect, test } from 'vitest';
import { createSimHost } from '../../../src/host/sim/host.ts';
import type { SimVm } from '../../../src/host/sim/vm.ts';
import { parseTable, vidRange } from '../../../src/model/vlan.ts';

const web: SimVm = {
  name: 'web-1',
  uuid: '00000000-0000-4000-8000-000000000001',
  interfaces: [{ mac: '52:54:00:00:00:01', bridge: 'br-mgmt' }],
};
const LIVE = '/run/libvirt/qemu/web-1.xml';

function hostWithWeb() {
  let now = 1_000_000;
  const host = createSimHost({ now: () => now });
  host.addBridge('br-mgmt');
  host.addUplink('eno1', 'br-mgmt');
  host.define(web);
  return { host, later: (ms: number) => (now += ms) };
}

test('a VM that starts has a tap on its bridge and live XML that names it; one that stops has neither', () => {
  const { host } = hostWithWeb();
  expect(host.list('/run/libvirt/qemu')).toEqual([]);
  host.start('web-1');
  expect(host.list('/sys/class/net/br-mgmt/brif')).toEqual(['eno1', 'vnet0']);
  expect(host.readText('/sys/class/net/vnet0/address')).toBe('fe:54:00:00:00:01\n');
  expect(host.readText(LIVE)).toContain("<target dev='vnet0'/>");
  host.stop('web-1');
  expect(host.list('/sys/class/net/br-mgmt/brif')).toEqual(['eno1']);
  expect(host.stat(LIVE)).toBeUndefined();
  expect(host.stat('/etc/libvirt/qemu/web-1.xml')).toBeDefined();
});

test('a VM that starts again gets the next vnet number', () => {
  const { host } = hostWithWeb();
  host.start('web-1');
  host.stop('web-1');
  host.start('web-1');
  expect(host.taps('web-1')).toEqual(['vnet1']);
});

test('only a tap has tun_flags, and only a bridge has brif', () => {
  const { host } = hostWithWeb();
  host.start('web-1');
  expect(host.stat('/sys/class/net/vnet0/tun_flags')).toBeDefined();
  expect(host.stat('/sys/class/net/eno1/tun_flags')).toBeUndefined();
  expect(host.list('/sys/class/net/eno1/brif')).toBeUndefined();
  expect(() => host.readText('/sys/class/net/gone/address')).toThrow(expect.objectContaining({ code: 'ENOENT' }));
});

test('hot-plug replaces the live XML: a new inode, time and size', () => {
  const { host, later } = hostWithWeb();
  host.start('web-1');
  const before = host.stat(LIVE);
  later(1000);
  host.attach('web-1', { mac: '52:54:00:00:00:02', bridge: 'br-mgmt', target: 'tap-web.1' });
  const after = host.stat(LIVE);
  expect(after?.ino).not.toBe(before?.ino);
  expect(after?.mtimeMs).toBe(1_001_000);
  expect(after?.size).toBeGreaterThan(before?.size ?? 0);
  expect(host.taps('web-1')).toEqual(['vnet0', 'tap-web.1']);
  host.detach('web-1', '52:54:00:00:00:01');
  expect(host.taps('web-1')).toEqual(['tap-web.1']);
});

test('a change of a link or of VLANs is told to those who watch, and nothing after they stop', async () => {
  const { host } = hostWithWeb();
  host.start('web-1');
  let changes = 0;
  const watch = host.bridges.watch(
    () => (changes += 1),
    () => {},
  );
  const change = { action: 'add', port: 'vnet0', ...vidRange(10), pvid: false, untagged: false } as const;
  await host.bridges.change([change], { ports: [], fdb: [] });
  expect(changes).toBe(1);
  watch.stop();
  host.wipe('vnet0');
  await Promise.resolve();
  expect(changes).toBe(1);
});

test('a watched folder tells of files that come, change and go', async () => {
  const { host } = hostWithWeb();
  const names: (string | undefined)[] = [];
  host.watch(
    '/run/libvirt/qemu',
    (name) => names.push(name),
    () => {},
  );
  host.start('web-1');
  host.stop('web-1');
  await Promise.resolve();
  expect(names).toEqual(['web-1.xml', 'web-1.xml']);
  expect(() =>
    host.watch(
      '/nowhere',
      () => {},
      () => {},
    ),
  ).toThrow('ENOENT');
});

test('an entry written with logger arrives at those who follow the journal, repeated fields as an array', async () => {
  const { host } = hostWithWeb();
  const got: Record<string, unknown>[] = [];
  host.follow('journalctl', ['-f', '-o', 'json', '-n', 'all', '-t', 'libvirt-hook'], {
    line: (text) => got.push(JSON.parse(text)),
    end: () => {},
  });
  const input =
    'SYSLOG_IDENTIFIER=libvirt-hook\nSYSLOG_IDENTIFIER=libvirt-hook[web-1]\nPRIORITY=3\nMESSAGE=failed\nDOMAIN=web-1\n';
  await host.run('logger', ['--journald'], { timeoutMs: 1000, input });
  host.journal.append({ SYSLOG_IDENTIFIER: 'sshd', MESSAGE: 'other' });
  await Promise.resolve();
  expect(got).toHaveLength(1);
  expect(got[0]).toMatchObject({
    SYSLOG_IDENTIFIER: ['libvirt-hook', 'libvirt-hook[web-1]'],
    PRIORITY: '3',
    __REALTIME_TIMESTAMP: '1000000000',
  });
});

test('the journal goes on after a cursor', async () => {
  const { host } = hostWithWeb();
  for (const MESSAGE of ['one', 'two', 'three']) host.journal.append({ SYSLOG_IDENTIFIER: 'libvirt-hook', MESSAGE });
  const args = ['-o', 'json', '--no-pager', `--after-cursor=${host.journal.entries[0]?.__CURSOR}`];
  const { stdout } = await host.run('journalctl', args, { timeoutMs: 1000 });
  expect(
    stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).MESSAGE),
  ).toEqual(['two', 'three']);
});

test('what is not modelled fails', async () => {
  const { host } = hostWithWeb();
  expect(await host.run('virsh', ['list'], { timeoutMs: 1000 })).toMatchObject({ exitCode: undefined });
  expect(await host.run('journalctl', ['--since=now', '-o', 'json'], { timeoutMs: 1000 })).toMatchObject({
    exitCode: undefined,
    problem: expect.stringContaining('not modelled'),
  });
  const problem = await new Promise((end) => host.follow('tcpdump', [], { line: () => {}, end }));
  expect(problem).toContain('not modelled');
});

test('a sabotaged command fails, hangs until its time limit, or is missing, as often as asked', async () => {
  const { host } = hostWithWeb();
  const show = () => host.run('bridge', ['-j', 'vlan', 'show'], { timeoutMs: 5 });
  host.sabotage((line) => line.startsWith('bridge'), { exitCode: 1, stderr: 'out of memory\n' }, 1);
  expect(await show()).toMatchObject({ exitCode: 1, problem: expect.stringContaining('out of memory') });
  expect(await show()).toMatchObject({ exitCode: 0 });
  host.sabotage(() => true, 'hang');
  expect(await show()).toMatchObject({ exitCode: undefined, problem: expect.stringContaining('killed after 5 ms') });
  host.repair();
  host.sabotage(() => true, 'missing');
  expect(await show()).toMatchObject({ exitCode: undefined });
});

test('setTable makes a table exactly that, a wipe leaves the default PVID', async () => {
  const { host } = hostWithWeb();
  host.start('web-1');
  host.setTable('vnet0', parseTable('10 100*'));
  const table = async () =>
    JSON.parse((await host.run('bridge', ['-j', 'vlan', 'show', 'dev', 'vnet0'], { timeoutMs: 9 })).stdout)[0].vlans;
  expect(await table()).toEqual([{ vlan: 10 }, { vlan: 100, flags: ['PVID', 'Egress Untagged'] }]);
  host.wipe('vnet0');
  expect(await table()).toEqual([{ vlan: 1, flags: ['PVID', 'Egress Untagged'] }]);
});

test('a forbidden path is an EACCES error', () => {
  const { host } = hostWithWeb();
  host.forbid('/etc/libvirt/qemu/web-1.xml');
  expect(() => host.readText('/etc/libvirt/qemu/web-1.xml')).toThrow(expect.objectContaining({ code: 'EACCES' }));
});
