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
