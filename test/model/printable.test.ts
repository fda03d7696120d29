import { expect, test } from 'vitest';
import { cut, printable } from '../../src/model/printable.ts';

test.each([
  ['a b ä €', 'a b ä €'],
  ['a\nb\0', 'a\\x0ab\\x00'],
  ['\x1b[31m', '\\x1b[31m'],
  ['\u061c \u200e \u2028', '\\u061c \\u200e \\u2028'],
  ['\u{e0001}', '\\u{e0001}'],
])('%j is shown as %s', (text, shown) => {
  expect(printable(text)).toBe(shown);
});

test('a text is cut where it is longer than it may be', () => {
  expect(['abc', 'abcd', 'abcde', ''].map((text) => cut(text, 4))).toEqual(['abc', 'abcd', 'abc…', '']);
});
