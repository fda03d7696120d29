import { expect, test } from 'vitest';
import { parseDuration } from '../../src/model/duration.ts';

test.each([
  ['1s', 1000],
  ['90s', 90_000],
  ['15m', 900_000],
  ['1h30m', 5_400_000],
  ['1d2h3m4s', 93_784_000],
  ['0h1s', 1000],
  ['366d', 366 * 86_400_000],
])('%s is %d ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each(['', '0s', '15', '1m30', '1s1m', '1.5s', '-1s', ' 1s', '366d1s', '10000d'])(
  '%j is no duration from a second to a year',
  (text) => {
    expect(parseDuration(text)).toBeUndefined();
  },
);
