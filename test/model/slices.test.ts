import { expect, test } from 'vitest';
import { atOnce, inSlices, type Steps } from '../../src/model/slices.ts';

function* count(to: number): Steps<number> {
  let sum = 0;
  for (let i = 1; i <= to; i++) {
    sum += i;
    yield;
  }
  return sum;
}

test('work in steps has the same result at once and in slices', async () => {
  expect(atOnce(count(100))).toBe(5050);
  expect(await inSlices(count(100), 2)).toBe(5050);
});

test('others have a turn after each slice, and none within it', async () => {
  const turnsOf = async (sliceMs: number) => {
    let turns = 0;
    let working = true;
    const other = () => {
      turns++;
      if (working) setImmediate(other);
    };
    setImmediate(other);
    await inSlices(count(50), sliceMs);
    working = false;
    return turns;
  };
  expect(await turnsOf(0)).toBeGreaterThanOrEqual(49);
  expect(await turnsOf(60_000)).toBeLessThanOrEqual(1);
});
