// What a shape reads, and that it reads nothing of what it told something about.
import { expect, test } from 'vitest';
import { LineCounter, parseDocument } from 'yaml';
import { integer, line, vids } from '../../src/config/kinds.ts';
import { formatPath } from '../../src/config/problem.ts';
import {
  checked,
  inspected,
  list,
  object,
  optional,
  preset,
  record,
  required,
  type Shape,
} from '../../src/config/shape.ts';

/** What is read, and what is told as "column: key: text". */
function read(shape: Shape<unknown>, text: string) {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, uniqueKeys: false });
  const told: string[] = [];
  const value = shape.read(document.contents, [], {
    document,
    report: (range, path, problem) => {
      told.push(`${range ? lineCounter.linePos(range[0]).col : '-'}: ${formatPath(path)}: ${problem}`);
    },
  });
  return { value, told };
}

const few = integer(1, 3);
const numbers = list(few, 'numbers', 1);
const byName = record(line, few, 'names');
const fields = object({ a: required(few, 'The a.'), b: preset(few, 'The b.', 2), c: optional(numbers, 'The c.') });
const even = checked(numbers, (all) => all.flatMap((n, i) => (n % 2 ? [{ path: [i], text: 'odd' }] : [])));
const looked = inspected(numbers, (node) => (node?.range?.[0] === 1 ? [{ path: [], text: 'moved' }] : []));

test.each<[string, Shape<unknown>, string, unknown]>([
  ['a list', numbers, '[1, 2]', [1, 2]],
  ['an alias', numbers, '[&x 1, *x]', [1, 1]],
  [
    'a mapping of names',
    byName,
    '{a: 1, b: 2}',
    [
      ['a', 1],
      ['b', 2],
    ],
  ],
  ['a mapping of no name', byName, '{}', []],
  ['a mapping of keys, with presets', fields, '{a: 1}', { a: 1, b: 2, c: undefined }],
  ['a mapping of all keys', fields, '{c: [1], b: 3, a: 1}', { a: 1, b: 3, c: [1] }],
  ['what is checked', even, '[2]', [2]],
  ['what is looked at', looked, '[3]', [3]],
])('%s is read', (_, shape, text, value) => {
  expect(read(shape, text)).toEqual({ value, told: [] });
});

test.each<[string, Shape<unknown>, string, ...string[]]>([
  ['one item of a list', numbers, '[1, 9, 2]', '5: [1]: expected an integer from 1 to 3, found 9'],
  ['a list that is too short', numbers, '[]', '1: : expected numbers, found an empty list'],
  ['a scalar for a list', numbers, '1', '1: : expected numbers, found 1'],
  ['a list for a scalar', few, '[1]', '1: : expected an integer from 1 to 3, found a list'],
  ['a mapping for a scalar', few, '{a: 1}', '1: : expected an integer from 1 to 3, found a mapping'],
  [
    'one VLAN of several',
    vids,
    '[1, 0]',
    '5: [1]: expected a VLAN id from 1 to 4094, or a range of them as 200-210, found 0',
  ],
  ['a value by name', byName, '{a: 1, b: 9}', '11: b: expected an integer from 1 to 3, found 9'],
  ['a name', byName, '{"": 1, b: 1}', '2: : expected text of one line, found ""'],
  ['a name that is a number', byName, '{0x10: 1, b: 1}', '2: 0x10: expected text of one line, found 16'],
  ['a name that stands twice', byName, '{a: 1, a: 2}', '8: a: this key stands twice; delete one'],
  ['a name that is a list', byName, '{? [a] : 1, b: 1}', '4: : expected a name as key, found a list'],
  ['no name', byName, '{: 1, b: 1}', '2: : expected a name as key, found nothing'],
  ['a key without a value', byName, '{a}', '2: a: expected an integer from 1 to 3, found nothing'],
  ['an unknown key', fields, '{a: 1, zzz: 1}', '8: zzz: unknown key; known here: a, b, c'],
  ['a key that is missing', fields, '{b: 1}', '1: a: this key is missing: The a.'],
  ['the value of a key', fields, '{a: 1, b: 9}', '11: b: expected an integer from 1 to 3, found 9'],
  ['what is below it', fields, '{a: 1, c: [9]}', '12: c[0]: expected an integer from 1 to 3, found 9'],
  ['what a check remarks on', even, '[2, 3]', '5: [1]: odd'],
  [
    'what a look remarks on, whatever else is wrong',
    looked,
    ' [9]',
    '3: [0]: expected an integer from 1 to 3, found 9',
    '2: : moved',
  ],
  ['a look alone', looked, ' [1]', '2: : moved'],
])('of what is wrong with %s it is told, and nothing is read', (_, shape, text, ...told) => {
  expect(read(shape, text)).toEqual({ value: undefined, told });
});
