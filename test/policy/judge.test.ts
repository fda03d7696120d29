import { expect, test } from 'vitest';
import { formatTable, formatVids, sameTable, vidRange } from '../../src/model/vlan.ts';
import { createJudge, judge } from '../../src/policy/judge.ts';
import { table } from '../support/policy.ts';

const EXPECTED = table('10 20 100*');
const NO_PVID = table('10 20');
const rules = (unexpected: 'report' | 'remove' | 'ignore') => ({ unexpected, defaults: [vidRange(1)] });

const say = (actual: string, expected = EXPECTED, unexpected: 'report' | 'remove' | 'ignore' = 'report') => {
  const { deviations, target } = judge(table(actual), expected, rules(unexpected));
  return { reasons: deviations.map((d) => d.reason), target: formatTable(target) };
};

test('what is as expected has no deviation, and its target is itself', () => {
  expect(say('10 20 100*')).toEqual({ reasons: [], target: '10 20 100*' });
});

test('what is wrong is told with what should be and what is', () => {
  const said = (actual: string, expected = EXPECTED) =>
    judge(table(actual), expected, rules('report')).deviations.map((d) => `${d.expected}: ${d.actual}`);
  expect(said('')).toEqual(['PVID 100: no PVID', 'VLANs 10 20 100: without 10 20 100']);
  expect(said('7*', NO_PVID)).toEqual([
    'no PVID: PVID 7',
    'VLANs 10 20: without 10 20',
    'VLANs 10 20: also 7 untagged',
  ]);
  expect(said('10 20 66 100*')).toEqual(['VLANs 10 20 100: also 66 tagged']);
});

test('ports that have the same are judged once, and those that are well share the table that is expected', () => {
  const judgeOne = createJudge(rules('report'));
  const wipe = () => judgeOne(table('1*'), EXPECTED);
  expect(wipe()).toBe(wipe());
  expect(judgeOne(table('1*'), NO_PVID)).not.toEqual(wipe());
  expect(judgeOne(table('10 20 100*'), EXPECTED).actual).toBe(EXPECTED);
});

test('a port with no VLAN at all lacks its PVID and all VLANs', () => {
  expect(say('')).toEqual({ reasons: ['pvid_missing', 'vlan_missing'], target: '10 20 100*' });
});

test('a fresh tap has the bridge’s default PVID, which is wrong and goes', () => {
  expect(say('1*')).toEqual({ reasons: ['pvid_wrong', 'vlan_missing', 'vlan_unexpected'], target: '10 20 100*' });
});

test('the default VLAN goes even where unexpected VLANs are ignored', () => {
  expect(say('1u 10 20 100*', EXPECTED, 'ignore')).toEqual({ reasons: ['vlan_unexpected'], target: '10 20 100*' });
});

test('another VLAN that should not be there stays unless the policy says remove', () => {
  expect(say('10 20 66 100*')).toEqual({ reasons: ['vlan_unexpected'], target: '10 20 66 100*' });
  expect(say('10 20 66 100*', EXPECTED, 'remove')).toEqual({ reasons: ['vlan_unexpected'], target: '10 20 100*' });
  expect(say('10 20 66 100*', EXPECTED, 'ignore')).toEqual({ reasons: [], target: '10 20 66 100*' });
});

test('a wrong PVID that is not expected at all loses its place and stays a member where it is only reported', () => {
  expect(say('10 20 66* 100')).toEqual({ reasons: ['pvid_wrong', 'vlan_unexpected'], target: '10 20 66 100*' });
});

test('a wrong PVID is one reason, though its row is untagged', () => {
  expect(say('10* 20 100')).toEqual({ reasons: ['pvid_wrong'], target: '10 20 100*' });
});

test('a tagged PVID is wrong tagging, not a wrong PVID', () => {
  expect(say('10 20 100*t')).toEqual({ reasons: ['tagging_wrong'], target: '10 20 100*' });
});

test('a VLAN left untagged by a PVID that went elsewhere is wrong tagging', () => {
  expect(say('10u 20 100*')).toEqual({ reasons: ['tagging_wrong'], target: '10 20 100*' });
});

test('where no PVID is wanted, one that is there is wrong', () => {
  expect(say('10* 20', NO_PVID)).toEqual({ reasons: ['pvid_wrong'], target: '10 20' });
  expect(say('10 20', NO_PVID)).toEqual({ reasons: [], target: '10 20' });
});

test('every table but the kept surplus ends as expected, and the target has no deviation left to heal', () => {
  for (const actual of ['', '1*', '10* 20', '5u 10u 100*t', '100', '10-40 100u']) {
    const { target } = judge(table(actual), EXPECTED, rules('report'));
    expect(sameTable(judge(target, EXPECTED, rules('report')).target, target)).toBe(true);
  }
});

test('a VLAN left untagged where the policy only tells of it is retagged, so that it leaks no frames into the guest', () => {
  expect(say('10 20 66u 100*')).toEqual({ reasons: ['vlan_unexpected', 'tagging_wrong'], target: '10 20 66 100*' });
  expect(judge(table('10 20 66u 100*'), EXPECTED, rules('report')).deviations).toContainEqual({
    reason: 'tagging_wrong',
    expected: '66 tagged',
    actual: '66 untagged',
  });
});

test('under "unexpected: ignore" an untagged VLAN stays as it is, but a PVID that loses its place stays tagged', () => {
  expect(say('10 20 66u 100*', EXPECTED, 'ignore')).toEqual({ reasons: [], target: '10 20 66u 100*' });
  expect(say('10 20 66* 100', EXPECTED, 'ignore')).toEqual({ reasons: ['pvid_wrong'], target: '10 20 66 100*' });
});

test('what leaves untagged and should not is told of each VLAN, also of one that is to be removed', () => {
  const mistagged = (actual: string, unexpected: 'report' | 'remove' | 'ignore' = 'report') =>
    formatVids(judge(table(actual), EXPECTED, rules(unexpected)).mistagged);
  expect(mistagged('1u 10u 20 66u 100*')).toBe('1 10 66');
  expect(mistagged('1u 10 20 66u 100*', 'remove')).toBe('1 66');
  expect(mistagged('1u 10 20 66u 100*', 'ignore')).toBe('1');
  expect(mistagged('10 20 66* 100')).toBe('none');
  expect(mistagged('10 20 100*t')).toBe('100');
});

test('a PVID that is wanted tagged is right so, and retagged where it leaves untagged', () => {
  const tagged = table('42 47*t');
  expect(say('42 47*t', tagged)).toEqual({ reasons: [], target: '42 47*t' });
  expect(say('42 47*', tagged)).toEqual({ reasons: ['tagging_wrong'], target: '42 47*t' });
  expect(say('42* 47', tagged)).toEqual({ reasons: ['pvid_wrong'], target: '42 47*t' });
  expect(say('1*', tagged)).toEqual({ reasons: ['pvid_wrong', 'vlan_missing', 'vlan_unexpected'], target: '42 47*t' });
});

test('wrong tagging is told with what should be and what is', () => {
  const deviation = (actual: string, expected = EXPECTED) =>
    judge(table(actual), expected, rules('report')).deviations.find(({ reason }) => reason === 'tagging_wrong');
  expect(deviation('10u 20 66u 100*')).toMatchObject({ expected: '10 66 tagged', actual: '10 66 untagged' });
  expect(deviation('10u 20 100*t')).toMatchObject({
    expected: '100 untagged, 10 tagged',
    actual: '10 untagged, 100 tagged',
  });
});

test('many unexpected VLANs are said as ranges', () => {
  const trunk = table('1-9 10 11-19 20 21-99 100* 101-4094');
  const { deviations } = judge(trunk, EXPECTED, rules('report'));
  expect(deviations.map((deviation) => deviation.actual)).toEqual(['also 1-9 11-19 21-99 101-4094 tagged']);
});
