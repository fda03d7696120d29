import fc from 'fast-check';
import { validate } from 'node-cron';
import { expect, test } from 'vitest';
import { isSchedule } from '../../src/config/schedule.ts';

test.each(['*/15 * * * * *', '0 0 1-5 * * 1,2', '0,30 */5 8-18/2 1 1-6 0', '0 0 0 31 * *', '59 59 23 28 12 7'])(
  '%s is a schedule',
  (text) => {
    expect(isSchedule(text)).toBe(true);
  },
);

test.each([
  '',
  '* * * * *',
  '60 * * * * *',
  '* * 24 * * *',
  '* * * 0 * *',
  '* * * * 13 *',
  '* * * * * 8',
  '*/0 * * * * *',
  '5-1 * * * * *',
  '5/10 * * * * *',
  '0 0 0 31 2 *',
  'a * * * * *',
  '@daily',
  '1, * * * * *',
  '* * * * * * *',
])('%j is none', (text) => {
  expect(isSchedule(text)).toBe(false);
});

test('node-cron takes every schedule that is one here', () => {
  const number = fc.nat(61).map(String);
  const part = fc.oneof(
    fc.constant('*'),
    number,
    fc.tuple(number, number).map((ab) => ab.join('-')),
    fc.tuple(number, number, number).map(([a, b, c]) => `${a}-${b}/${c}`),
    number.map((n) => `*/${n}`),
  );
  const field = fc.oneof(
    { weight: 3, arbitrary: fc.constant('*') },
    { weight: 2, arbitrary: fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(',')) },
  );
  const text = fc.array(field, { minLength: 6, maxLength: 6 }).map((fields) => fields.join(' '));
  let taken = 0;
  fc.assert(
    fc.property(text, (schedule) => {
      if (!isSchedule(schedule)) return;
      taken++;
      expect([schedule, validate(schedule)]).toEqual([schedule, true]);
    }),
    { numRuns: 3000 },
  );
  expect(taken).toBeGreaterThan(200);
}, 60_000);
