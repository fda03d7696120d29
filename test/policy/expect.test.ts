import { expect as assert, describe, test } from 'vitest';
import { expect, matchesGlob } from '../../src/policy/expect.ts';
import { bridgePolicy, rule, table } from '../support/policy.ts';

const MAC = '52:54:00:00:00:01';

test('a domain that no rule names gets the bridge’s default', () => {
  assert(expect(bridgePolicy({ vlans: [10], pvid: 1 }), 'web', MAC)).toEqual({
    rule: 'default',
    table: table('1* 10'),
  });
});

test('the first rule that names the domain wins', () => {
  const policy = bridgePolicy({
    rules: [rule({ name: 'a', domains: ['k3s-*'], pvid: 100 }), rule({ name: 'b', domains: ['*'], pvid: 7 })],
  });
  assert(expect(policy, 'k3s-1', MAC).rule).toBe('a');
  assert(expect(policy, 'web', MAC).rule).toBe('b');
});

test('a rule with a MAC is for that interface only', () => {
  const policy = bridgePolicy({
    rules: [rule({ name: 'lan', domains: ['fw'], mac: MAC, pvid: undefined, vlans: [10, 20] })],
  });
  assert(expect(policy, 'fw', MAC)).toEqual({ rule: 'lan', table: table('10 20') });
  assert(expect(policy, 'fw', '52:54:00:00:00:02').rule).toBe('default');
});

describe('globs', () => {
  test.each([
    ['vyos-01', 'vyos-01', true],
    ['vyos-01', 'vyos-011', false],
    ['k3s-*', 'k3s-', true],
    ['*-01', 'a-01-01', true],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['a.c', 'abc', false],
    ['*a*b*', 'xxaxxbxx', true],
    ['', '', true],
    ['*', '', true],
  ])('%s fits %s: %s', (pattern, name, fits) => {
    assert(matchesGlob(pattern, name)).toBe(fits);
  });
});
