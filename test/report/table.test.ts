import { expect, test } from 'vitest';
import { renderColumns } from '../../src/report/table.ts';

const rows = (...names: readonly string[]) =>
  renderColumns(
    names.map((text) => [{ text }, { text: '|' }]),
    false,
  );

// How many columns a terminal gives to each, from EastAsianWidth.txt and emoji-data.txt of Unicode.
test.each([
  ['abcd', '防火', 4],
  ['abcdef', 'ファイ', 6],
  ['ab', '🔥', 2],
  ['ab', '🇯🇵', 2],
  ['ab', 'ｱｲ', 2],
  ['a', 'é', 1],
  ['nàme', 'na\u0300me', 4],
])('%j and %j are equally wide', (a, b, width) => {
  expect(rows(a, b)).toEqual([`${a}  |`, `${b}  |`]);
  expect(rows('x'.repeat(width + 3), b)).toEqual([`${'x'.repeat(width + 3)}  |`, `${b}     |`]);
});

test('a character that is shown by its number is as wide as that', () => {
  expect(rows('a\x1b[1mb', 'a\\x1b[1mb')).toEqual(['a\\x1b[1mb  |', 'a\\x1b[1mb  |']);
});
