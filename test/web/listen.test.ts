import { describe, expect, it } from 'vitest';
import { ListenError, parseAddress } from '../../src/web/listen.ts';

describe('an address', () => {
  it.each([
    [':19177', { host: undefined, port: 19177 }],
    ['127.0.0.1:9', { host: '127.0.0.1', port: 9 }],
    ['[::1]:0', { host: '::1', port: 0 }],
    ['unix:/run/a/b.sock', { path: '/run/a/b.sock' }],
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
