import * as v from 'valibot';
import { expect, test } from 'vitest';
import { known, parseJsonFile } from '../../src/model/json-file.ts';

const SCHEMA = v.object({
  domains: v.array(v.object({ name: v.string(), count: v.number(), on: v.boolean() })),
  of: v.object({}),
  version: v.literal(3),
  kind: v.picklist(['a', 'b c']),
  one: v.custom<1>((value) => value === 1, 'expected one'),
  maybe: known(v.string()),
});
const GOOD = { domains: [{ name: 'a', count: 1, on: true }], of: {}, version: 3, kind: 'a', one: 1 };
const read = (value: unknown) => parseJsonFile(SCHEMA, JSON.stringify(value), 'f.json');

test('a file as its schema is read, and what may be left out is undefined then', () => {
  expect(read(GOOD)).toStrictEqual({ ...GOOD, maybe: undefined });
});

test.each<[unknown, string]>([
  [null, 'f.json: expected an object'],
  [{ ...GOOD, domains: {} }, 'f.json.domains: expected a list'],
  [{ ...GOOD, domains: [{ name: 'a', count: 'x', on: true }] }, 'f.json.domains[0].count: expected a number'],
  [{ ...GOOD, domains: [{ name: 1, count: 'x', on: 1 }] }, 'f.json.domains[0].name: expected a string'],
  [{ ...GOOD, domains: [{ name: 'a', count: 1, on: 1 }] }, 'f.json.domains[0].on: expected a boolean'],
  [{ ...GOOD, domains: [{ name: 'a', on: true }] }, 'f.json.domains[0].count: missing'],
  [{ ...GOOD, version: 4 }, 'f.json.version: expected 3'],
  [{ ...GOOD, kind: 'b' }, 'f.json.kind: expected one of "a", "b c"'],
  [{ ...GOOD, one: 2 }, 'f.json.one: expected one'],
])('%j is told with its place', (value, message) => {
  expect(() => read(value)).toThrow(new Error(message));
});

test('what is no JSON is told with the file', () => {
  expect(() => parseJsonFile(SCHEMA, '{', 'f.json')).toThrow(/^f\.json: /);
});
