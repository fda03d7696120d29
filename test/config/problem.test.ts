import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nearest } from '../../src/config/problem.ts';

test.each([
  ['pvi', 'pvid'],
  ['pvidd', 'pvid'],
  ['pvix', 'pvid'],
  ['PVID', 'pvid'],
  ['pvdi', undefined],
  ['domai', 'domains'],
  ['ac', 'ab'],
  ['', undefined],
])('%s was probably meant to be %s', (word, meant) => {
  expect(nearest(word, ['pvid', 'domains', 'ab'])).toBe(meant);
});

test('the nearest of several is the one, and the first of those that are as near', () => {
  expect(nearest('rules', ['rulez', 'rules', 'rule'])).toBe('rules');
  expect(nearest('rules', ['rulez', 'rule'])).toBe('rulez');
});

/** How many letters are to be added, taken away or replaced, tried in all ways. */
function distance(a: string, b: string): number {
  if (a === '' || b === '') return a.length + b.length;
  const [restA, restB] = [a.slice(1), b.slice(1)];
  if (a[0] === b[0]) return distance(restA, restB);
  return 1 + Math.min(distance(restA, restB), distance(restA, b), distance(a, restB));
}

test('a word is near another where a third of its letters differ at most, or one', () => {
  const text = (minLength: number) => fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength, maxLength: 6 });
  fc.assert(
    fc.property(text(0), text(1), (word, known) => {
      const isNear = distance(word, known) <= Math.max(1, Math.floor(known.length / 3));
      expect(nearest(word, [known])).toBe(isNear ? known : undefined);
    }),
    { numRuns: 1000 },
  );
});
