import { expect, test } from 'vitest';
import { listenFds, webSockets } from '../../../src/host/linux/listen-fds.ts';

const env = { LISTEN_PID: '7', LISTEN_FDS: '3', LISTEN_FDNAMES: 'http:rtnl:http' };

test('descriptors are found by their names, from 3 on, in order', () => {
  expect(listenFds(env, 'rtnl', 7)).toEqual([4]);
  expect(listenFds(env, 'http', 7)).toEqual([3, 5]);
  expect(listenFds(env, 'notify', 7)).toEqual([]);
});

test.each([
  ['for another process', { ...env, LISTEN_PID: '8' }],
  ['without a count', { ...env, LISTEN_FDS: undefined }],
  ['with a count that is none', { ...env, LISTEN_FDS: 'x' }],
  ['with a count below 1', { ...env, LISTEN_FDS: '-1' }],
  ['without names', { ...env, LISTEN_FDNAMES: undefined }],
  ['with fewer descriptors than names', { ...env, LISTEN_FDS: '1' }],
  ['without systemd', {}],
])('nothing is found %s', (_, given) => {
  expect(listenFds(given, 'rtnl', 7)).toEqual([]);
});

test('what is to be served on is all that is not for something else, with names or without', () => {
  const of = (names: string | undefined, count: number) =>
    webSockets({ LISTEN_PID: '7', LISTEN_FDS: `${count}`, LISTEN_FDNAMES: names }, 7);
  expect(of('rtnl:libvirt-vlan-exporter.socket:notify:web', 4)).toEqual([4, 6]);
  expect(of(undefined, 2)).toEqual([3, 4]);
  expect(of('rtnl', 1)).toEqual([]);
  expect(webSockets({}, 7)).toEqual([]);
});
