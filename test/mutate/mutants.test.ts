import { readFileSync } from 'node:fs';
import { parseAst } from 'rolldown/parseAst';
import { expect, test } from 'vitest';
import { mutantsOf, mutate } from './mutants.ts';

const all = (text: string) => mutantsOf(text).map((mutant) => mutate(text, mutant));

test('a condition is turned round, a bound is missed by one, a part is left out', () => {
  expect(all('const a = b < 3;')).toEqual(['const a = (b <= 3);', 'const a = (b > 3);', 'const a = b < 4;']);
  expect(all('if (a && !b) c();')).toEqual([
    'if (true) c();',
    'if (false) c();',
    'if ((a || !b)) c();',
    'if (a && (b)) c();',
    'if (a && !b) ;',
  ]);
  expect(all('const x = list.filter(f).some(g);')).toEqual([
    'const x = list.some(g);',
    'const x = list.filter(f).every(g);',
  ]);
});

test('types, imports, keys and words for people are left alone', () => {
  expect(all(`import a from 'a'; type T = 'x' | 3; const o = { 'k': b as T }; say('two words');`)).toEqual([
    `import a from 'a'; type T = 'x' | 3; const o = { 'k': b as T }; ;`,
  ]);
});

test('what comes of a source file is a program that can be parsed, and another one', () => {
  const text = readFileSync('src/policy/expect.ts', 'utf8');
  const mutants = mutantsOf(text);
  expect(mutants.length).toBeGreaterThan(100);
  for (const mutant of mutants) {
    expect(mutate(text, mutant)).not.toBe(text);
    expect(() => parseAst(mutate(text, mutant), { lang: 'ts' })).not.toThrow();
  }
});
