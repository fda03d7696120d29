import { XMLParser } from 'fast-xml-parser';
import { expect, test } from 'vitest';
import {
  attribute,
  child,
  children,
  content,
  decode,
  type Node,
  XML_OPTIONS,
} from '../../../src/host/linux/xml-node.ts';

const parse = (text: string) => child(new XMLParser(XML_OPTIONS).parse(text) as Node, 'a');

test('elements are found by their names, in their order, also where they are empty or text alone', () => {
  const a = parse("<a><b>one</b><c/><b d='2'>two</b><b/></a>");
  expect(children(a, 'b').map((b) => b['#text'])).toEqual(['one', 'two', '']);
  expect([children(a, 'none'), children(undefined, 'b'), child(a, 'none')]).toEqual([[], [], undefined]);
  expect(child(a, 'b')).toEqual({ '#text': 'one' });
});

test('attributes and texts stay texts, and their entities are read', () => {
  const a = parse("<a n='007' t='true' e='&lt;&#65;'><b>1e3</b><c>&amp;</c><d/></a>");
  expect(['n', 't', 'e', 'none'].map((name) => attribute(a, name))).toEqual(['007', 'true', '<A', undefined]);
  expect(['b', 'c', 'd', 'none'].map((tag) => content(a ?? {}, tag))).toEqual(['1e3', '&', undefined, undefined]);
  expect(attribute(undefined, 'n')).toBeUndefined();
});

test.each([
  ['&lt;&gt;&amp;&quot;&apos;', `<>&"'`],
  ['&LT;', '<'],
  ['&#65;&#x41;&#X4a;&#x1F600;', 'AAJ😀'],
  ['&#1114111;&#x10ffff;', '\u{10ffff}\u{10ffff}'],
  ['&amp;lt;', '&lt;'],
  ['&#0;&#1114112;&#x110000;&bomb;&#;&#12345678;', '&#0;&#1114112;&#x110000;&bomb;&#;&#12345678;'],
])('of entities the five and numbers are read, and no other: %s', (text, expected) => {
  expect(decode(text)).toBe(expected);
});
