import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Address, ListenError, listen, parseAddress, systemdAddresses } from '../../src/web/listen.ts';

describe('an address', () => {
  it.each([
    [':19177', { host: undefined, port: 19177 }],
    ['127.0.0.1:9', { host: '127.0.0.1', port: 9 }],
    ['[::1]:0', { host: '::1', port: 0 }],
    ['unix:/run/a/b.sock', { path: '/run/a/b.sock' }],
    [`unix:/${'a'.repeat(106)}`, { path: `/${'a'.repeat(106)}` }],
    ['kvm-01.example:65535', { host: 'kvm-01.example', port: 65535 }],
  ])('%s is understood', (text, address) => {
    expect(parseAddress(text)).toEqual(address);
  });

  it.each([
    '19177',
    '',
    ':',
    ':65536',
    ':-1',
    '::1:80',
    '[::1]',
    'http://localhost:80',
    ':80x',
    'unix:',
    'unix:a',
    `unix:/${'a'.repeat(107)}`,
  ])('%s is refused', (text) => {
    expect(() => parseAddress(text)).toThrow(ListenError);
  });
});

it('what systemd handed over is listened on; that it handed over nothing is a mistake', () => {
  expect(systemdAddresses([3, 4])).toEqual([{ fd: 3 }, { fd: 4 }]);
  expect(() => systemdAddresses([])).toThrow('--web.systemd-socket: systemd handed over no socket');
});

describe('listening', () => {
  const on = async (...addresses: readonly Address[]) => {
    const listening = await listen(addresses, (socket) => socket.destroy());
    onTestFinished(listening.close);
    return listening.urls('https');
  };
  const folder = () => {
    const path = mkdtempSync(join(tmpdir(), 'vlan-listen-'));
    onTestFinished(() => rmSync(path, { recursive: true }));
    return path;
  };

  it('tells where, with the port that was chosen', async () => {
    const path = join(folder(), 'web.sock');
    const urls = await on({ host: '127.0.0.1', port: 0 }, { host: '0.0.0.0', port: 0 }, { path });
    expect(urls).toEqual([
      expect.stringMatching(/^https:\/\/127\.0\.0\.1:[1-9]\d*\/$/),
      expect.stringMatching(/^https:\/\/localhost:[1-9]\d*\/$/),
      `unix:${path}`,
    ]);
  });

  it('on all or on none: where one is taken, the others are free again', async () => {
    const port = Number(new URL((await on({ host: '127.0.0.1', port: 0 }))[0] ?? '').port);
    const path = join(folder(), 'web.sock');
    await expect(on({ path }, { host: '127.0.0.1', port })).rejects.toThrow(
      `cannot listen on 127.0.0.1:${port}: another program listens there; choose another with --web.listen-address`,
    );
    await on({ path });
    await expect(on({ path })).rejects.toThrow(
      `cannot listen on unix:${path}: another program listens there, or one that has died left its file: delete it`,
    );
  });

  it('says of an address that cannot be used why', async () => {
    await expect(on({ host: '192.0.2.1', port: 1 })).rejects.toThrow(
      'cannot listen on 192.0.2.1:1: this machine has no such address',
    );
    await expect(on({ host: '2001:db8::1', port: 1 })).rejects.toThrow('cannot listen on [2001:db8::1]:1: ');
    await expect(on({ path: '/no/such/folder/a' })).rejects.toThrow(
      'cannot listen on unix:/no/such/folder/a: there is no folder /no/such/folder; make it first',
    );
    await expect(on({ fd: 99_999 })).rejects.toThrow('cannot listen on descriptor 99999 of systemd: ');
  });
});
