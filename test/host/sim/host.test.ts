import { expect, test } from 'vitest';
import { createSimHost, type SimHost } from '../../../src/host/sim/host.ts';
import type { SimVm } from '../../../src/host/sim/vm.ts';
import { formatTable, parseTable, vidRange } from '../../../src/model/vlan.ts';

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

const ports = (host: SimHost) => {
  const links = host.bridges.links(['br-mgmt']);
  return links.ok ? (links.value[0]?.ports ?? []) : [];
};

test('a VM that starts has a tap on its bridge and live XML that names it; one that stops has neither', () => {
  const { host } = hostWithWeb();
  expect(host.list('/run/libvirt/qemu')).toEqual([]);
  host.start('web-1');
  expect(ports(host)).toEqual([
    { name: 'eno1', mac: '3c:ec:ef:00:00:01', tap: false },
    { name: 'vnet0', mac: 'fe:54:00:00:00:01', tap: true },
  ]);
  expect(host.readText(LIVE)).toContain("<target dev='vnet0'/>");
  host.stop('web-1');
  expect(ports(host).map(({ name }) => name)).toEqual(['eno1']);
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

test('an entry that is written arrives at those who follow the journal, repeated fields as an array', async () => {
  const { host } = hostWithWeb();
  const got: Record<string, unknown>[] = [];
  const query = { anyOf: [['SYSLOG_IDENTIFIER=libvirt-hook']], fields: [] };
  host.journal.follow(query, undefined, { line: (text) => got.push(JSON.parse(text)), end: () => {} });
  const SYSLOG_IDENTIFIER = ['libvirt-hook', 'libvirt-hook[web-1]'];
  await host.journal.write({ SYSLOG_IDENTIFIER, PRIORITY: 3, MESSAGE: 'failed', DOMAIN: ['web-1'] });
  host.journal.append({ SYSLOG_IDENTIFIER: 'sshd', MESSAGE: 'other' });
  await Promise.resolve();
  expect(got).toHaveLength(1);
  expect(got[0]).toMatchObject({
    SYSLOG_IDENTIFIER,
    PRIORITY: '3',
    DOMAIN: 'web-1',
    __REALTIME_TIMESTAMP: '1000000000',
  });
});

test('the journal is followed from a cursor on', async () => {
  const { host } = hostWithWeb();
  for (const MESSAGE of ['one', 'two', 'three']) host.journal.append({ SYSLOG_IDENTIFIER: 'libvirt-hook', MESSAGE });
  const got: string[] = [];
  const from = String(host.journal.entries[1]?.__CURSOR);
  const line = (text: string) => got.push(JSON.parse(text).MESSAGE);
  host.journal.follow({ anyOf: [], fields: [] }, from, { line, end: () => {} });
  await Promise.resolve();
  expect(got).toEqual(['two', 'three']);
});

test('setTable makes a table exactly that, a wipe leaves the default PVID', async () => {
  const { host } = hostWithWeb();
  host.start('web-1');
  host.setTable('vnet0', parseTable('10 100*'));
  const table = async () => {
    const { vlans } = await host.bridges.read([]);
    return vlans.ok && formatTable(vlans.value.get('vnet0') ?? []);
  };
  expect(await table()).toBe('10 100*');
  host.wipe('vnet0');
  expect(await table()).toBe('1*');
});

test('a forbidden path is an EACCES error', () => {
  const { host } = hostWithWeb();
  host.forbid('/etc/libvirt/qemu/web-1.xml');
  expect(() => host.readText('/etc/libvirt/qemu/web-1.xml')).toThrow(expect.objectContaining({ code: 'EACCES' }));
});

const nic = (n: number, more: Partial<SimVm['interfaces'][number]> = {}) => ({
  mac: `52:54:00:00:00:0${n}`,
  bridge: 'br-mgmt',
  ...more,
});
const tableOf = async (host: SimHost, port: string) => {
  const { vlans } = await host.bridges.read([]);
  return vlans.ok && formatTable(vlans.value.get(port) ?? []);
};
const readDomain = async (host: SimHost, name: string) => {
  const domains = await host.domains.read();
  return domains.ok ? domains.value.find((domain) => domain.name === name) : undefined;
};

test.each([
  [[{ id: 20 }], false, '20*', undefined],
  [[{ id: 20 }], true, '20', 'yes'],
  [[{ id: 20 }, { id: 30, native: 'untagged' }], false, '20 30*', 'yes'],
  [[{ id: 20 }, { id: 30, native: 'tagged' }], false, '20 30*t', 'yes'],
] as const)('libvirt sets the <vlan> of a tap that is plugged: %j, trunk %j', async (tags, trunk, table, said) => {
  const { host } = hostWithWeb();
  host.start({ ...web, interfaces: [nic(1, { vlan: { tags, trunk } })] });
  expect(await tableOf(host, 'vnet0')).toBe(table);
  expect((await readDomain(host, 'web-1'))?.interfaces[0]?.vlan).toMatchObject({
    trunk: said,
    tags: tags.map(({ id, ...rest }) => ({ id: `${id}`, nativeMode: 'native' in rest ? rest.native : undefined })),
  });
});

test('another <vlan> of a tap that is there, or none, begins with the default PVID', async () => {
  const { host } = hostWithWeb();
  host.start({ ...web, interfaces: [nic(1), nic(2)] });
  host.setVlan('web-1', nic(2).mac, { tags: [{ id: 20 }] });
  expect([await tableOf(host, 'vnet0'), await tableOf(host, 'vnet1')]).toEqual(['1*', '20*']);
  expect((await readDomain(host, 'web-1'))?.interfaces.map(({ vlan }) => vlan?.tags[0]?.id)).toEqual([undefined, '20']);
  host.setVlan('web-1', nic(2).mac, undefined);
  expect(await tableOf(host, 'vnet1')).toBe('1*');
  expect((await readDomain(host, 'web-1'))?.interfaces[1]?.vlan).toBeUndefined();
  expect(() => host.setVlan('web-1', nic(3).mac, undefined)).toThrow(`no interface ${nic(3).mac}`);
});

test('of a port whose FDB libvirt keeps, there is an entry in each VLAN that it has when it is plugged', async () => {
  const { host } = hostWithWeb();
  const vlan = { tags: [{ id: 20 }, { id: 30 }] };
  host.start({ ...web, interfaces: [nic(1, { type: 'network', macTable: 'libvirt', vlan }), nic(2)] });
  const fdb = await host.bridges.fdb(['vnet0', 'vnet1', 'gone'].map((port) => ({ bridge: 'br-mgmt', port })));
  expect(fdb).toEqual({
    ok: true,
    value: new Map([
      ['vnet0', new Map([[nic(1).mac, [vidRange(20), vidRange(30)]]])],
      ['vnet1', new Map()],
    ]),
  });
  expect((await readDomain(host, 'web-1'))?.interfaces).toMatchObject([
    { bridge: 'br-mgmt', network: 'br-mgmt-net', macTable: 'libvirt' },
    { bridge: 'br-mgmt', network: undefined, macTable: undefined },
  ]);
});

test('FDB entries are added and deleted in VLANs that the port has, and refused as by the kernel', async () => {
  const { host } = hostWithWeb();
  host.start('web-1');
  const entry = (action: 'fdb add' | 'fdb delete', vid: number, port = 'vnet0') => ({
    action,
    port,
    mac: nic(1).mac,
    vid,
  });
  const made = async (change: ReturnType<typeof entry>) =>
    (await host.bridges.change([change], { ports: [], fdb: [] })).failures.get(change);
  expect(await made(entry('fdb delete', 1))).toBe('RTNETLINK answers: No such file or directory');
  expect(await made(entry('fdb add', 1))).toBeUndefined();
  expect(await made(entry('fdb delete', 1))).toBeUndefined();
  expect(await made(entry('fdb add', 20))).toBe('RTNETLINK answers: Invalid argument');
  expect(await made(entry('fdb add', 1, 'gone'))).toBe('Cannot find device "gone"');
});

test('what runs is known by name and by process, and what does not run cannot be stopped or changed', async () => {
  const { host } = hostWithWeb();
  host.start({ ...web, name: 'z', interfaces: [] });
  host.start('web-1');
  expect(host.running()).toEqual(['web-1', 'z']);
  const pid = Number(/pid='(\d+)'/.exec(host.readText(LIVE))?.[1]);
  expect([host.processExists(pid), host.processExists(pid + 1)]).toEqual([true, false]);
  expect(() => host.start('web-1')).toThrow('runs already');
  expect(() => host.start('nobody')).toThrow('is not defined');
  host.stop('web-1');
  expect([host.running(), host.processExists(pid)]).toEqual([['z'], false]);
  for (const act of [() => host.stop('web-1'), () => host.taps('web-1'), () => host.attach('web-1', nic(2))])
    expect(act).toThrow('domain web-1 is not running');
  expect(() => host.detach('z', nic(1).mac)).toThrow(`domain z has no interface ${nic(1).mac}`);
});

test('metadata of a running VM is set and taken away, and its taps stay', async () => {
  const { host } = hostWithWeb();
  host.start('web-1');
  host.setMetadata('web-1', "<vlans xmlns='urn:libvirt-vlan-exporter:1'/>");
  expect((await readDomain(host, 'web-1'))?.metadata).toMatchObject({ elements: [{ name: 'vlans' }] });
  host.setMetadata('web-1', undefined);
  expect((await readDomain(host, 'web-1'))?.metadata).toBeUndefined();
  expect(host.taps('web-1')).toEqual(['vnet0']);
});

test('a VM that is undefined has no persistent XML', async () => {
  const { host } = hostWithWeb();
  expect(await readDomain(host, 'web-1')).toMatchObject({ state: 'defined' });
  host.undefine('web-1');
  expect(host.list('/etc/libvirt/qemu')).toEqual(['autostart', 'networks']);
  expect(() => host.start('web-1')).toThrow('is not defined');
});

test('folders hold what was put into them, with their times', () => {
  const { host, later } = hostWithWeb();
  later(5);
  host.writeFile('/a/b/c', 'ü');
  expect([host.list('/a'), host.list('/a/b'), host.list('/none')]).toEqual([['b'], ['c'], undefined]);
  expect(host.list('/')).toEqual(['a', 'etc', 'run']);
  expect(host.stat('/a/b/c')).toMatchObject({ mtimeMs: 1_000_005, size: 2, isFile: true });
  later(5);
  host.removeFile('/a/b/c');
  host.removeFile('/a/b/c');
  expect(host.stat('/a/b')).toMatchObject({ mtimeMs: 1_000_010, isFile: false });
  expect(host.list('/a/b')).toEqual([]);
});

test('how long reading takes is told of links and of VLANs', async () => {
  let now = 0;
  const host = createSimHost({ now: () => 0, monotonic: () => (now += 5) });
  expect((await host.bridges.read([])).collectors).toEqual([
    { collector: 'links', ok: true, durationMs: 5 },
    { collector: 'vlans', ok: true, durationMs: 5 },
  ]);
});

test('links have numbers that go up, and bridges are listed by name', () => {
  const { host } = hostWithWeb();
  host.addBridge('br-a', { filtering: false, defaultPvid: 0 });
  const indexes = [...host.kernel.links.values()].map(({ ifindex }) => ifindex);
  expect(indexes).toEqual([1, 2, 3, 4]);
  expect(host.bridges.list()).toEqual(['br-a', 'br-mgmt']);
  expect(host.bridges.links(['br-a', 'eno1', 'none'])).toMatchObject({
    ok: true,
    value: [{ name: 'br-a', vlanFiltering: false, defaultPvid: 0, ports: [] }],
  });
  expect(() => host.addBridge('br-a')).toThrow('link br-a exists');
  expect(() => host.wipe('br-a')).toThrow('br-a is no port');
  expect(() => host.setTable('none', [])).toThrow('no link none');
});

test("a bridge has its ports' lowest MAC, and none without ports", () => {
  const { host } = hostWithWeb();
  const mac = () => host.kernel.links.get('br-mgmt')?.mac;
  host.start('web-1');
  expect(mac()).toBe('3c:ec:ef:00:00:01');
  host.kernel.removeLink('eno1');
  expect(mac()).toBe('fe:54:00:00:00:01');
  host.stop('web-1');
  expect(mac()).toBe('00:00:00:00:00:00');
});

test('what follows ends, with the reason, and hears nothing more', async () => {
  const { host } = hostWithWeb();
  const told: string[] = [];
  host.bridges.watch(
    () => told.push('changed'),
    (problem) => told.push(problem),
  );
  host.journal.follow({ anyOf: [], fields: [] }, undefined, {
    line: () => told.push('line'),
    end: (why) => told.push(why),
  });
  host.killFollowers();
  host.addBridge('br-a');
  host.journal.append({ MESSAGE: 'a' });
  await Promise.resolve();
  expect(told).toEqual(['killed by SIGKILL', 'killed by SIGKILL']);
});

test('the journal is read by terms, time and number', async () => {
  const { host, later } = hostWithWeb();
  host.journal.append({ A: '1', B: 'x', MESSAGE: 'one' });
  later(1_000);
  host.journal.append({ A: ['2', '3'], B: 'y', MESSAGE: 'two' });
  host.journal.append({ A: '1', B: 'y', MESSAGE: 'three' });
  const read = async (query: Partial<Parameters<SimHost['journal']['read']>[0]>) => {
    const found = await host.journal.read({ anyOf: [], fields: [], ...query }, 1_000);
    return found.ok && found.value.map((line) => JSON.parse(line).MESSAGE);
  };
  expect(await read({})).toEqual(['one', 'two', 'three']);
  expect(await read({ anyOf: [['A=3'], ['A=1', 'B=y']] })).toEqual(['two', 'three']);
  expect(await read({ anyOf: [['A=1', 'A=2', 'B=y']] })).toEqual(['two', 'three']);
  expect(await read({ since: 1_001_000 })).toEqual(['two', 'three']);
  expect(await read({ last: 1 })).toEqual(['three']);
});
