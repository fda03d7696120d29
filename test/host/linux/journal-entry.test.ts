import { expect, test } from 'vitest';
import { isOfRoot, isOfUnit, oneLine, parseEntry, timeOf, values } from '../../../src/host/linux/journal-entry.ts';

test('an entry is a JSON object, and nothing else is one', () => {
  expect(parseEntry('{"MESSAGE":"a"}')).toEqual({ MESSAGE: 'a' });
  expect(['', '{', 'null', '7', '"a"', '[{}]'].map(parseEntry)).toEqual(Array(6).fill(undefined));
});

test.each<[string, unknown, readonly string[]]>([
  ['a text', 'a', ['a']],
  ['several texts', ['a', 'b'], ['a', 'b']],
  ['bytes', [0x63, 0x61, 0x66, 0xc3, 0xa9], ['caf\u00e9']],
  ['no bytes', [], []],
  ['texts and bytes', ['a', [0x62, 0x63], []], ['a', 'bc']],
  ['what is neither', ['a', 7, null, {}], ['a']],
  ['too long', null, []],
  ['left out', undefined, []],
  ['a number', 7, []],
])('the values of a field that is %s', (_, field, expected) => {
  expect(values(field)).toEqual(expected);
});

test("whose it is, is by journald's own fields, the first of them", () => {
  expect(isOfRoot({ _UID: '0' })).toBe(true);
  expect([{ _UID: '1000' }, { _UID: ['1000', '0'] }, { UID: '0' }, {}].map(isOfRoot)).toEqual(Array(4).fill(false));
  expect(isOfUnit({ _SYSTEMD_UNIT: 'a.service' }, 'a.service')).toBe(true);
  expect(isOfUnit({ _SYSTEMD_UNIT: 'b.service', UNIT: 'a.service' }, 'a.service')).toBe(false);
});

test('its time is in whole milliseconds, 0 where it has none', () => {
  expect(timeOf({ __REALTIME_TIMESTAMP: '1700000000123999' })).toBe(1_700_000_000_123);
  expect(timeOf({ __REALTIME_TIMESTAMP: 'x' })).toBe(0);
  expect(timeOf({})).toBe(0);
});

test('what it says is one line without blanks at its ends, of 500 characters at most', () => {
  expect(oneLine(' a \n\t b\r\n')).toBe('a b');
  expect(oneLine('x'.repeat(500))).toBe('x'.repeat(500));
  expect(oneLine('x'.repeat(501))).toHaveLength(500);
});
