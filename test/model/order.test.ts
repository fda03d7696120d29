import { expect, test } from 'vitest';
import { groupBy } from '../../src/model/group-by.ts';
import { byDomainAndPort, compare } from '../../src/model/order.ts';

test('texts are in the order of their code units, whatever the locale', () => {
  expect(['b', 'ä', 'a', 'B', '', 'b'].sort(compare)).toEqual(['', 'B', 'a', 'b', 'b', 'ä']);
  expect([compare('a', 'b'), compare('b', 'a'), compare('a', 'a')]).toEqual([-1, 1, 0]);
});

test('what is told is in the order of domain and port, what has none first', () => {
  const placed = (text: string) => {
    const [domain, vnet] = text.split('/').map((part) => part || undefined);
    return { domain, vnet };
  };
  const told = ['b/1', 'a/2', '/9', 'a/', 'a/1', '/'].map(placed).sort(byDomainAndPort);
  expect(told.map(({ domain = '', vnet = '' }) => `${domain}/${vnet}`)).toEqual(['/', '/9', 'a/', 'a/1', 'a/2', 'b/1']);
});

test('groups have all their items, in the order of the first', () => {
  expect([...groupBy(['b1', 'a1', 'b2'], (text) => text[0])]).toEqual([
    ['b', ['b1', 'b2']],
    ['a', ['a1']],
  ]);
});
