import { expect, test } from 'vitest';
import { createDomainReader } from '../../../src/host/linux/domains.ts';
import type { Domain } from '../../../src/model/snapshot.ts';
import { memoryHost } from '../../support/memory-host.ts';

const xml = (name: string) => `<domain><name>${name}</name><devices/></domain>`;
const read = (files: Parameters<typeof memoryHost>[0]) => createDomainReader(memoryHost(files))();

test('a domain with live XML is running, one with persistent XML only is defined', async () => {
  const reading = await read({
    '/run/libvirt/qemu/web.xml': `<domstatus>${xml('web')}</domstatus>`,
    '/etc/libvirt/qemu/web.xml': xml('web'),
    '/etc/libvirt/qemu/db.xml': xml('db'),
    '/etc/libvirt/qemu/networks/default.xml': '<network/>',
    '/run/libvirt/qemu/web.pid': '7',
  });
  expect(reading.ok && reading.value.map(({ name, state }) => [name, state])).toEqual([
    ['db', 'defined'],
    ['web', 'running'],
  ]);
});

test('a host without libvirt has no domains', async () => {
  expect(await read({})).toEqual({ ok: true, value: [] });
});

test.each([
  ['broken', { text: '<domain><name>bad' }, /bad\.xml: the XML is broken/],
  ['huge', { text: '', size: 10_485_761 }, /10485761 bytes; expected at most 10485760/],
  ['a fifo', { text: '', isFile: false }, /not a regular file/],
  ['unreadable', { text: '', error: 'EACCES' }, /EACCES/],
  ['another domain’s', { text: xml('../../etc/passwd') }, /<name> is "\.\.\/\.\.\/etc\/passwd", not the file's/],
])('a file that is %s makes its domain unknown with a reason and no other', async (_case, file, problem) => {
  const reading = await read({ '/run/libvirt/qemu/bad.xml': file, '/run/libvirt/qemu/good.xml': xml('good') });
  expect(reading.ok && reading.value).toMatchObject([
    { name: 'bad', state: 'unknown', problem: expect.stringMatching(problem) },
    { name: 'good', state: 'running' },
  ]);
});

test('a file of 10 MiB is read', async () => {
  const reading = await read({ '/run/libvirt/qemu/a.xml': { text: xml('a'), size: 10_485_760 } });
  expect(reading.ok && reading.value).toMatchObject([{ name: 'a', state: 'running' }]);
});

test.each([
  ['stopped', 'etc', 'defined'],
  ['running', 'run', 'running'],
])("a copy of a %s VM's persistent XML beside it is no domain of its own", async (_case, folder, state) => {
  const reading = await read({
    [`/${folder}/libvirt/qemu/a.xml`]: xml('a'),
    '/etc/libvirt/qemu/a-backup.xml': xml('a'),
  });
  expect(reading.ok && reading.value).toMatchObject([{ name: 'a', state }]);
});

test('persistent XML under another name, with no file of its own name, stays unknown', async () => {
  const reading = await read({ '/etc/libvirt/qemu/a-backup.xml': xml('a') });
  expect(reading.ok && reading.value).toMatchObject([{ name: 'a-backup', state: 'unknown' }]);
});

test('a copy is parsed once, and counts again when the file that it copies is gone', async () => {
  const host = memoryHost({ '/etc/libvirt/qemu/a.xml': xml('a'), '/etc/libvirt/qemu/a-backup.xml': xml('a') });
  const reader = createDomainReader(host);
  await reader();
  host.files.delete('/etc/libvirt/qemu/a.xml');
  const reading = await reader();
  expect(reading.ok && reading.value).toMatchObject([{ name: 'a-backup', state: 'unknown' }]);
  expect(host.reads).toHaveLength(2);
});

test('broken live XML does not fall back on the persistent one', async () => {
  const reading = await read({ '/run/libvirt/qemu/a.xml': '<', '/etc/libvirt/qemu/a.xml': xml('a') });
  expect(reading.ok && reading.value.map((d) => d.state)).toEqual(['unknown']);
});

test('a folder that cannot be read makes the reading fail', async () => {
  expect(await read({ '/run/libvirt/qemu': { text: '', error: 'EACCES' } })).toEqual({
    ok: false,
    error: 'EACCES: /run/libvirt/qemu',
  });
});

test('a file is parsed again only when its inode, mtime or size changed', async () => {
  const host = memoryHost({ '/run/libvirt/qemu/a.xml': xml('a') });
  const reader = createDomainReader(host);
  await reader();
  await reader();
  expect(host.reads).toHaveLength(1);
  host.files.set('/run/libvirt/qemu/a.xml', { text: xml('a'), ino: 2 });
  await reader();
  expect(host.reads).toHaveLength(2);
});

test('a file that vanished is a domain no more', async () => {
  const host = memoryHost({ '/run/libvirt/qemu/a.xml': xml('a'), '/run/libvirt/qemu/b.xml': xml('b') });
  const reader = createDomainReader(host);
  await reader();
  host.files.delete('/run/libvirt/qemu/a.xml');
  const reading = await reader();
  expect(reading.ok && reading.value.map((d) => d.name)).toEqual(['b']);
});

test('a running domain whose file cannot be read any more keeps the interfaces that were understood last', async () => {
  const path = '/run/libvirt/qemu/web.xml';
  const nic =
    "<interface type='bridge'><mac address='52:54:00:00:00:01'/><source bridge='br0'/><target dev='vnet1'/></interface>";
  const host = memoryHost({
    [path]: `<domstatus><domain><name>web</name><devices>${nic}</devices></domain></domstatus>`,
  });
  const reader = createDomainReader(host);
  await reader();
  for (const file of [
    { text: '<domst', ino: 2 },
    { text: '', ino: 3, isFile: false },
    { text: '', error: 'EACCES', ino: 4 },
  ]) {
    host.files.set(path, file);
    const reading = await reader();
    expect(reading.ok && reading.value).toMatchObject([
      { name: 'web', state: 'unknown', interfaces: [{ target: 'vnet1' }] },
    ]);
    expect(reading.ok && reading.value[0]).not.toHaveProperty('stopped');
  }
});

test('a stopped domain whose file cannot be read keeps nothing: libvirt does not go by what it names', async () => {
  const path = '/etc/libvirt/qemu/web.xml';
  const nic =
    "<interface type='bridge'><mac address='52:54:00:00:00:01'/><source bridge='br0'/><target dev='tap1'/></interface>";
  const host = memoryHost({ [path]: `<domain><name>web</name><devices>${nic}</devices></domain>` });
  const reader = createDomainReader(host);
  await reader();
  host.files.set(path, { text: '<dom', ino: 2 });
  const reading = await reader();
  expect(reading.ok && reading.value).toMatchObject([{ name: 'web', state: 'unknown', interfaces: [], stopped: true }]);
});

const status = (pid: number, name: string) => `<domstatus state='running' pid='${pid}'>${xml(name)}</domstatus>`;

test('a domain whose process is gone does not run, whatever live XML is left of it', async () => {
  const host = memoryHost({
    '/run/libvirt/qemu/a.xml': status(7, 'a'),
    '/etc/libvirt/qemu/a.xml': xml('a'),
    '/run/libvirt/qemu/transient.xml': status(8, 'transient'),
    '/run/libvirt/qemu/web.xml': status(9, 'web'),
  });
  const reader = createDomainReader(host);
  const states = async () => {
    const reading = await reader();
    return reading.ok && reading.value.map(({ name, state }) => `${name} ${state}`);
  };
  expect(await states()).toEqual(['a running', 'transient running', 'web running']);
  for (const pid of [7, 8]) host.deadProcesses.add(pid);
  expect(await states()).toEqual(['a defined', 'transient defined', 'web running']);
  const { value } = (await reader()) as { value: readonly Domain[] };
  expect(value.map(({ died }) => died)).toEqual([true, true, undefined]);
  expect(value[1]?.interfaces).toEqual([]);
  host.deadProcesses.clear();
  expect(await states()).toEqual(['a running', 'transient running', 'web running']);
});

test('where it cannot be told whether a process is there, live XML is believed', async () => {
  const host = memoryHost({ '/run/libvirt/qemu/a.xml': status(7, 'a') });
  const reading = await createDomainReader({ ...host, processExists: () => undefined })();
  expect(reading.ok && reading.value).toMatchObject([{ name: 'a', state: 'running' }]);
});

test('on NixOS persistent XML lies in /var/lib/libvirt/qemu', async () => {
  const reading = await read({ '/var/lib/libvirt/qemu/a.xml': xml('a'), '/var/lib/libvirt/qemu/nvram/a.fd': '' });
  expect(reading.ok && reading.value).toMatchObject([{ name: 'a', state: 'defined' }]);
});

test('where persistent XML lies in /etc, nobody looks into /var/lib', async () => {
  const reading = await read({
    '/etc/libvirt/qemu/a.xml': xml('a'),
    '/var/lib/libvirt/qemu': { text: '', error: 'EACCES' },
  });
  expect(reading.ok && reading.value).toMatchObject([{ name: 'a', state: 'defined' }]);
});

test('a file that vanishes between the look and the reading is no domain', async () => {
  expect(await read({ '/run/libvirt/qemu/a.xml': { text: '', error: 'ENOENT' } })).toEqual({ ok: true, value: [] });
});
