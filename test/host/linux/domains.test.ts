import { expect, test } from 'vitest';
import { createDomains } from '../../../src/host/linux/domains.ts';
import { memoryHost } from '../../support/memory-host.ts';

const xml = (name: string) => `<domain><name>${name}</name><devices/></domain>`;
const read = (files: Parameters<typeof memoryHost>[0]) => createDomains(memoryHost(files)).read();

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

test('a file that could not be read for once is read the next time, though it stays as it is', async () => {
  const file: { text: string; error?: string } = { text: xml('web'), error: 'EMFILE' };
  const domains = createDomains(memoryHost({ '/run/libvirt/qemu/web.xml': file }));
  const states = async () => {
    const reading = await domains.read();
    return reading.ok && reading.value.map(({ state }) => state);
  };
  expect(await states()).toEqual(['unknown']);
  delete file.error;
  expect(await states()).toEqual(['running']);
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
  const { read: reader } = createDomains(host);
  await reader();
  host.files.delete('/etc/libvirt/qemu/a.xml');
  const reading = await reader();
  expect(reading.ok && reading.value).toMatchObject([{ name: 'a-backup', state: 'unknown' }]);
  expect(host.reads).toHaveLength(2);
});

// libvirt writes it into the XML as it is, and whoever reads XML takes it for a line feed.
test('a domain with a carriage return in its name is called as its file is, and a copy of its file is none', async () => {
  const reading = await read({
    '/run/libvirt/qemu/a\r1.xml': `<domstatus>${xml('a\r1')}</domstatus>`,
    '/etc/libvirt/qemu/a\r1.xml': xml('a\r1'),
    '/etc/libvirt/qemu/a\r1-backup.xml': xml('a\r1'),
    '/etc/libvirt/qemu/b\r.xml': xml('b&#13;'),
    '/etc/libvirt/qemu/c\r1.xml': xml('c1'),
  });
  expect(reading.ok && reading.value.map(({ name, state }) => [name, state])).toEqual([
    ['a\r1', 'running'],
    ['b\r', 'defined'],
    ['c\r1', 'unknown'],
  ]);
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
  const { read: reader } = createDomains(host);
  await reader();
  await reader();
  expect(host.reads).toHaveLength(1);
  host.files.set('/run/libvirt/qemu/a.xml', { text: xml('a'), ino: 2 });
  await reader();
  expect(host.reads).toHaveLength(2);
});

test('a file that vanished is a domain no more', async () => {
  const host = memoryHost({ '/run/libvirt/qemu/a.xml': xml('a'), '/run/libvirt/qemu/b.xml': xml('b') });
  const { read: reader } = createDomains(host);
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
  const { read: reader } = createDomains(host);
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
  const { read: reader } = createDomains(host);
  await reader();
  host.files.set(path, { text: '<dom', ino: 2 });
  const reading = await reader();
  expect(reading.ok && reading.value).toMatchObject([{ name: 'web', state: 'unknown', interfaces: [], stopped: true }]);
});

const status = (pid: number, name: string) => `<domstatus state='running' pid='${pid}'>${xml(name)}</domstatus>`;

test('of a running domain whose process is gone, what its persistent XML says is kept, whatever live XML is left of it', async () => {
  const host = memoryHost({
    '/run/libvirt/qemu/a.xml': status(7, 'a'),
    '/etc/libvirt/qemu/a.xml': xml('a'),
    '/run/libvirt/qemu/transient.xml': status(8, 'transient'),
    '/run/libvirt/qemu/web.xml': status(9, 'web'),
  });
  const domains = createDomains(host);
  const reading = await domains.read();
  const running = reading.ok ? reading.value : [];
  expect(running.map(({ name, state }) => `${name} ${state}`)).toEqual([
    'a running',
    'transient running',
    'web running',
  ]);
  expect(running.map(domains.died)).toEqual([undefined, undefined, undefined]);
  for (const pid of [7, 8]) host.deadProcesses.add(pid);
  expect(running.map(domains.died)).toMatchObject([
    { name: 'a', state: 'defined', died: true, file: '/etc/libvirt/qemu/a.xml' },
    { name: 'transient', state: 'defined', died: true, interfaces: [] },
    undefined,
  ]);
});

test('where it cannot be told whether a process is there, live XML is believed', async () => {
  const host = memoryHost({ '/run/libvirt/qemu/a.xml': status(7, 'a') });
  const domains = createDomains({ ...host, processExists: () => undefined });
  const reading = await domains.read();
  expect(reading.ok && reading.value.map(domains.died)).toEqual([undefined]);
});

/** A host with one running domain, whose clock stands at a minute, and which counts how often the files themselves are looked at. */
function counted(files: Record<string, string>) {
  const host = memoryHost(files);
  let looks = 0;
  const clock = { now: 60_000, folder: 0 };
  const domains = createDomains({
    ...host,
    now: () => clock.now,
    monotonic: () => clock.now,
    stat: (path) => {
      const stat = host.stat(path);
      if (path.endsWith('.xml')) looks += 1;
      return stat && { ...stat, mtimeMs: path.endsWith('.xml') ? 0 : clock.folder };
    },
  });
  const read = async () => {
    looks = 0;
    const reading = await domains.read();
    return { looks, states: reading.ok && reading.value.map(({ name, state }) => `${name} ${state}`) };
  };
  return { host, clock, domains, read };
}

test('while nothing changes in the folders, no file is looked at', async () => {
  const { read } = counted({ '/run/libvirt/qemu/a.xml': xml('a'), '/etc/libvirt/qemu/b.xml': xml('b') });
  const states = ['a running', 'b defined'];
  expect(await read()).toEqual({ looks: 2, states });
  expect(await read()).toEqual({ looks: 0, states });
});

test.each<[string, (host: ReturnType<typeof counted>) => void]>([
  ['something was made, renamed or removed in the folder', ({ clock }) => (clock.folder = 1000)],
  ['the watch told of a change', ({ domains }) => domains.changed()],
  ['ten seconds have gone by', ({ clock }) => (clock.now += 10_001)],
  ['the folder is gone', ({ host }) => host.files.clear()],
])('all files are looked at again when %s', async (_case, change) => {
  const made = counted({ '/run/libvirt/qemu/a.xml': xml('a') });
  await made.read();
  made.host.files.set('/run/libvirt/qemu/a.xml', { text: '<', ino: 2 });
  expect((await made.read()).states).toEqual(['a running']);
  change(made);
  expect((await made.read()).states).not.toEqual(['a running']);
});

test('who reads while another reads does not get what was known before', async () => {
  const { domains } = counted({ '/run/libvirt/qemu/a.xml': xml('a') });
  const both = await Promise.all([domains.read(), domains.read()]);
  expect(both.map((reading) => reading.ok && reading.value.map(({ name }) => name))).toEqual([['a'], ['a']]);
});

test('a change that is told while files are read is not forgotten', async () => {
  const { domains, host, read } = counted({ '/run/libvirt/qemu/a.xml': xml('a') });
  const reading = domains.read();
  domains.changed();
  await reading;
  host.files.set('/run/libvirt/qemu/a.xml', { text: '<', ino: 2 });
  expect((await read()).states).toEqual(['a unknown']);
});

test('a folder that has just changed is not trusted: a second change may have the same time', async () => {
  const { clock, read } = counted({ '/run/libvirt/qemu/a.xml': xml('a') });
  clock.folder = clock.now - 1999;
  await read();
  clock.now += 5000;
  expect((await read()).looks).toBe(1);
  expect((await read()).looks).toBe(0);
});

test('while one file is not understood, all are looked at each time', async () => {
  const { read } = counted({ '/run/libvirt/qemu/a.xml': '<', '/run/libvirt/qemu/b.xml': xml('b') });
  expect((await read()).looks).toBe(2);
  expect((await read()).looks).toBe(2);
});

test('a folder that cannot be read fails the reading each time, and is read when it can be', async () => {
  const { host, read } = counted({ '/run/libvirt/qemu/a.xml': xml('a') });
  host.files.set('/run/libvirt/qemu', { text: '', error: 'EACCES' });
  expect((await read()).states).toBe(false);
  expect((await read()).states).toBe(false);
  host.files.delete('/run/libvirt/qemu');
  expect((await read()).states).toEqual(['a running']);
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

test('a VM that stops between the list and the look is defined still', async () => {
  const host = memoryHost({ '/run/libvirt/qemu/a.xml': xml('a'), '/etc/libvirt/qemu/a.xml': xml('a') });
  const stat = (path: string) => {
    if (path.startsWith('/run/libvirt/qemu/')) host.files.delete(path);
    return host.stat(path);
  };
  const reading = await createDomains({ ...host, stat }).read();
  expect(reading.ok && reading.value).toMatchObject([{ name: 'a', state: 'defined' }]);
});

test('a live file that the list leaves out, as tmpfs may while others are written, is looked for', async () => {
  const host = memoryHost({ '/run/libvirt/qemu/a.xml': xml('a'), '/run/libvirt/qemu/b.xml': xml('b') });
  let hidden = '';
  const list = (path: string) => host.list(path)?.filter((name) => name !== hidden);
  const domains = createDomains({ ...host, list });
  await domains.read();
  hidden = 'a.xml';
  domains.changed();
  expect(await domains.read()).toMatchObject({ ok: true, value: [{ name: 'a' }, { name: 'b' }] });
  host.files.delete('/run/libvirt/qemu/a.xml');
  domains.changed();
  expect(await domains.read()).toMatchObject({ ok: true, value: [{ name: 'b' }] });
});
