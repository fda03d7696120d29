import { expect, it } from 'vitest';
import { claimOf, clientOf } from '../../src/web/client.ts';

it.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:0:1:2:3:4:5', '2001:db8:0:1::/64'],
  ['2001:db8:0:1::', '2001:db8:0:1::/64'],
  ['2001:DB8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['::192.0.2.7', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  [undefined, 'unix'],
])('%s is of client %s', (address, client) => {
  expect(clientOf(address)).toBe(client);
});

/** Who of `taken` is greedy, and who may give way, when `newcomer` comes: a letter is a client. */
function judged(newcomer: string, taken: string) {
  const held = [...taken].map((client) => ({ client }));
  const claim = claimOf(newcomer, held);
  const named = (wanted: (typeof held)[number][]) => [...new Set(wanted.map(({ client }) => client))].join('');
  return [named(held.filter(claim.isGreedy)), named(held.filter(claim.mayGiveWay))];
}

it.each([
  ['b', 'aaaa', 'a', 'a'],
  ['a', 'aaab', '', 'a'],
  ['b', 'aab', '', 'ab'],
  ['b', 'aaab', 'a', 'ab'],
  ['c', 'ab', '', 'ab'],
  ['d', 'aabbc', 'ab', 'abc'],
  ['c', 'aaaabbcc', 'a', 'abc'],
  ['a', '', '', ''],
])('when %s comes and %s is taken, greedy is "%s", and "%s" may give way', (newcomer, taken, greedy, giving) => {
  expect(judged(newcomer, taken)).toEqual([greedy, giving]);
});
