import { expect, test } from 'vitest';
import { parseMac, tapMac } from '../../src/model/mac.ts';

test('a MAC address is taken with colons or dashes, in any case, and with blanks around it', () => {
  for (const text of ['52:54:00:aa:bb:cc', '52-54-00-AA-BB-CC', ' 52:54:00:aa:bb:cc\n'])
    expect(parseMac(text)).toBe('52:54:00:aa:bb:cc');
  for (const text of ['', '52:54:00:aa:bb', '52:54:00:aa:bb:cc:dd', '52:54:00:aa:bb:cg', '525400aabbcc'])
    expect(parseMac(text)).toBeUndefined();
});

test('a tap’s begins with fe, or with fa where the guest’s begins with fe', () => {
  expect(tapMac('52:54:00:aa:bb:cc')).toBe('fe:54:00:aa:bb:cc');
  expect(tapMac('fe:54:00:aa:bb:fe')).toBe('fa:54:00:aa:bb:fe');
});
