import { expect, test } from 'vitest';
import { createLinkReader, isBridge, isLink, listBridges, readPorts } from '../../../src/host/linux/links.ts';
import { memoryHost } from '../../support/memory-host.ts';

const BRIDGE = {
  '/sys/class/net/br0/bridge/vlan_filtering': '1\n',
  '/sys/class/net/br0/bridge/default_pvid': '1\n',
  '/sys/class/net/br0/brif/vnet1': '',
  '/sys/class/net/br0/brif/eno1': '',
  '/sys/class/net/vnet1/address': 'fe:54:00:00:00:01\n',
  '/sys/class/net/vnet1/tun_flags': '0x1002\n',
  '/sys/class/net/eno1/address': '00:11:22:33:44:55\n',
};

test('a bridge has its settings, and its ports with MAC and whether they are taps', () => {
  expect(createLinkReader(memoryHost(BRIDGE))(['br0', 'br9'])).toEqual({
    ok: true,
    value: [
      {
        name: 'br0',
        vlanFiltering: true,
        defaultPvid: 1,
        ports: [
          { name: 'eno1', mac: '00:11:22:33:44:55', tap: false },
          { name: 'vnet1', mac: 'fe:54:00:00:00:01', tap: true },
        ],
      },
    ],
  });
});

test('a port that vanishes while it is read is left out', () => {
  const host = memoryHost({ ...BRIDGE, '/sys/class/net/br0/brif/vnet9': '' });
  const reading = createLinkReader(host)(['br0']);
  expect(reading.ok && reading.value[0]?.ports.map((port) => port.name)).toEqual(['eno1', 'vnet1']);
});

test.each(['ENODEV', 'ENXIO', 'EINVAL'])('so is one whose files answer %s', (error) => {
  const gone = { '/sys/class/net/br0/brif/vnet9': '', '/sys/class/net/vnet9/address': { text: '', error } };
  const reading = createLinkReader(memoryHost({ ...BRIDGE, ...gone }))(['br0']);
  expect(reading.ok && reading.value[0]?.ports.map((port) => port.name)).toEqual(['eno1', 'vnet1']);
});

test('a port whose MAC may not be read is one all the same', () => {
  const host = memoryHost({ ...BRIDGE, '/sys/class/net/vnet1/address': { text: '', error: 'EACCES' } });
  const reading = createLinkReader(host)(['br0']);
  expect(reading.ok && reading.value[0]?.ports[1]).toEqual({ name: 'vnet1', mac: undefined, tap: false });
});

test.each([
  ['0\n', '0\n', '0x88a8\n', { vlanFiltering: false, defaultPvid: 0, vlanProtocol: '802.1ad' }],
  ['1\n', '4094\n', '0x8100\n', { vlanFiltering: true, defaultPvid: 4094, vlanProtocol: '802.1Q' }],
  ['', 'x1', '1y', { vlanFiltering: undefined, defaultPvid: undefined, vlanProtocol: undefined }],
])('settings are read as the kernel writes them, else unknown: %j %j %j', (filtering, pvid, protocol, expected) => {
  const reading = createLinkReader(
    memoryHost({
      ...BRIDGE,
      '/sys/class/net/br0/bridge/vlan_filtering': filtering,
      '/sys/class/net/br0/bridge/default_pvid': pvid,
      '/sys/class/net/br0/bridge/vlan_protocol': protocol,
    }),
  )(['br0']);
  expect(reading.ok && reading.value[0]).toMatchObject(expected);
});

test('of some ports no other is read', () => {
  const gone = { '/sys/class/net/br0/brif/vnet9': '' };
  const asked: string[] = [];
  const host = memoryHost({ ...BRIDGE, ...gone });
  const readText = (path: string) => {
    asked.push(path);
    return host.readText(path);
  };
  const reading = createLinkReader({ ...host, readText })(['br0'], new Set(['vnet1']));
  expect(reading.ok && reading.value[0]?.ports.map((port) => port.name)).toEqual(['vnet1']);
  expect(asked.filter((path) => path.endsWith('address'))).toEqual(['/sys/class/net/vnet1/address']);
});

test('whether a port is a tap is asked once while it stays', () => {
  const host = memoryHost(BRIDGE);
  let asked = 0;
  const stat = (path: string) => {
    asked += 1;
    return host.stat(path);
  };
  const read = createLinkReader({ ...host, stat });
  const first = read(['br0']);
  expect(asked).toBe(2);
  expect(read(['br0'])).toEqual(first);
  expect(asked).toBe(2);
  // What is read of some says nothing of the others.
  read(['br0'], new Set(['vnet1']));
  read(['br0']);
  expect(asked).toBe(2);
  read([]);
  read(['br0']);
  expect(asked).toBe(4);
});

test('the ports of bridges are listed by name; of one that is not there, none', () => {
  const ports = readPorts(memoryHost(BRIDGE), ['br0', 'br9']);
  expect(ports).toEqual({
    ok: true,
    value: new Map([
      ['br0', new Set(['eno1', 'vnet1'])],
      ['br9', new Set()],
    ]),
  });
});

test('a bridge is a link with a bridge folder', () => {
  const host = memoryHost(BRIDGE);
  expect(['br0', 'eno1', 'br9'].map((name) => [isBridge(host, name), isLink(host, name)])).toEqual([
    [true, true],
    [false, true],
    [false, false],
  ]);
});

test('a setting that cannot be read is undefined, not 0', () => {
  const host = memoryHost({ ...BRIDGE, '/sys/class/net/br0/bridge/vlan_filtering': { text: '', error: 'EACCES' } });
  const reading = createLinkReader(host)(['br0']);
  expect(reading.ok && reading.value[0]?.vlanFiltering).toBeUndefined();
});

test('sysfs that cannot be listed makes the reading fail', () => {
  const host = memoryHost({ '/sys/class/net/br0/brif': { text: '', error: 'EACCES' } });
  expect(createLinkReader(host)(['br0'])).toEqual({ ok: false, error: 'EACCES: /sys/class/net/br0/brif' });
});

test('the bridges of a host are the links that have a bridge folder', () => {
  expect(listBridges(memoryHost(BRIDGE))).toEqual(['br0']);
});

test('a tap that goes while it is read is not remembered as something else', () => {
  const host = memoryHost(BRIDGE);
  let isGoing = true;
  const stat = (path: string) => {
    if (!isGoing || !path.endsWith('vnet1/tun_flags')) return host.stat(path);
    isGoing = false;
    host.files.delete('/sys/class/net/vnet1/address');
    return undefined;
  };
  const read = createLinkReader({ ...host, stat });
  read(['br0']);
  host.files.set('/sys/class/net/vnet1/address', { text: 'fe:54:00:00:00:01' });
  const again = read(['br0']);
  expect(again.ok && again.value[0]?.ports).toMatchObject([{ name: 'eno1' }, { name: 'vnet1', tap: true }]);
});
