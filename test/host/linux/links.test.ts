import { expect, test } from 'vitest';
import { createLinkReader, listBridges } from '../../../src/host/linux/links.ts';
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
