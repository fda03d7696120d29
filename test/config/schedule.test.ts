import { expect, test } from 'vitest';
import { everComes, isSchedule } from '../../src/config/schedule.ts';

test.each([
  '*/15 * * * * *',
  '0 0 1-5 * * 1,2',
  '0,30 */5 8-18/2 1 1-6 0',
  '0 0 0 31 * *',
  '59 59 23 28 12 7',
  '0 0 3 1-31 6 *',
  '0 0 0 29 2 *',
  '0 */10 8-18 * * *',
  '0 0 3 * jun-aug mon',
  ' 0  0 3 * * * ',
])('%s is a schedule', (text) => {
  expect(isSchedule(text)).toBe(true);
});

test.each([
  '',
  '* * * * *',
  '60 * * * * *',
  '* * 24 * * *',
  '* * * 0 * *',
  '* * * * 13 *',
  '* * * * * 8',
  '*/0 * * * * *',
  '5/10 * * * * *',
  '0 0 0 31 2 *',
  '0 0 0 31 4,6 *',
  'a * * * * *',
  '@daily',
  '1, * * * * *',
  '* * * * * * *',
])('%j is none', (text) => {
  expect(isSchedule(text)).toBe(false);
});

test.each(['*/15 * * * * *', '0 0 0 29 2 1', '0 0 0 L * *', '0 0 0 31 * 1#5', '0 0 0 15W jul *', '0 0 0 * * 5L'])(
  '%s comes',
  (text) => {
    expect([isSchedule(text), everComes(text)]).toEqual([true, true]);
  },
);

test.each(['0 0 3 31 * 1#1', '0 0 3 1 * 5L', '0 0 3 31W 2 *', ' 0 0 3 31w 2  * '])('%j never comes', (text) => {
  expect([isSchedule(text), everComes(text)]).toEqual([true, false]);
});
