import { expect, test } from 'vitest';
import { remembered } from '../../src/model/remember.ts';

test('each object is asked about once, and has an answer of its own', () => {
  const asked: object[] = [];
  const numberOf = remembered((key: { readonly n: number }) => {
    asked.push(key);
    return { n: key.n };
  });
  const [a, b] = [{ n: 1 }, { n: 1 }];
  expect(numberOf(a)).toBe(numberOf(a));
  expect(numberOf(b)).not.toBe(numberOf(a));
  expect(asked).toEqual([a, b]);
});
