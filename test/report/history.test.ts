// Events of vnets as lines: each kind with its words, its colour and what is known of it.
import { expect, test } from 'vitest';
import type { HistoryEvent } from '../../src/model/history.ts';
import { historyJson, renderHistory } from '../../src/report/history.ts';
import { AT } from './example.ts';

const EVENT: HistoryEvent = {
  at: AT,
  by: 'remediator',
  kind: 'healed',
  domain: 'web',
  bridge: 'br0',
  vnet: 'vnet0',
  reasons: ['pvid_wrong', 'vlan_missing'],
  expected: undefined,
  actual: undefined,
  before: '1*',
  after: '10*',
  problem: undefined,
  text: 'the text',
};

/** Its columns behind the time, and the colour of its word: 32 good, 31 bad, 33 doubtful. */
function line(part: Partial<HistoryEvent>) {
  const history = { events: [{ ...EVENT, ...part }], cut: false };
  const [, words] = renderHistory(history, false).trimEnd().split('vnet0  ');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is looked for
  const [, colour = '-'] = /vnet0 {2}(?:\x1b\[(\d+)m)?/.exec(renderHistory(history, true)) ?? [];
  return `${colour} ${words}`;
}

test.each<[Partial<HistoryEvent>, string]>([
  [{}, '32 healed  pvid_wrong vlan_missing: 1* -> 10*'],
  [{ by: 'heal' }, '32 healed by hand  pvid_wrong vlan_missing: 1* -> 10*'],
  [{ kind: 'started', by: 'hook' }, '- started'],
  [{ kind: 'configured', by: 'hook' }, '32 configured  by the hook: 1* -> 10*'],
  [{ kind: 'configured', by: 'hook', before: '10*' }, '32 configured  by the hook: right already, 10*'],
  [
    { kind: 'drifted', expected: 'PVID 10', actual: 'PVID 1', reasons: ['pvid_wrong'] },
    '31 drifted  pvid_wrong: expected PVID 10; actual PVID 1',
  ],
  [{ kind: 'found', reasons: ['pvid_wrong'] }, '31 found  pvid_wrong: expected ?; actual ?'],
  [{ kind: 'cleared', reasons: ['pvid_wrong'] }, '32 cleared  pvid_wrong is gone'],
  [{ kind: 'failed', problem: 'EPERM' }, '31 failed  pvid_wrong vlan_missing: is 1*, should be 10*: EPERM'],
  [{ kind: 'failed', by: 'heal', reasons: [] }, '31 failed  by hand: is 1*, should be 10*'],
  [{ kind: 'failed', by: 'hook' }, '31 failed  the text'],
  [{ kind: 'reverted' }, '31 reverted  pvid_wrong vlan_missing: is 1*, should be 10*'],
  [{ kind: 'suspended', before: undefined }, '31 suspended  the text'],
  [{ kind: 'error', by: 'hook', after: undefined }, '31 error  the text'],
  [{ kind: 'absent', before: undefined }, '31 absent  the text'],
  [{ kind: 'held', before: undefined }, '33 held  the text'],
  [{ kind: 'paused', before: undefined }, '33 paused  the text'],
  [{ kind: 'refused', before: undefined }, '33 refused  the text'],
  [{ kind: 'warning', by: 'hook', before: undefined }, '33 warning  the text'],
  [{ kind: 'left_out', before: undefined }, '33 left out  the text'],
])('%j is a line of its kind', (part, expected) => {
  expect(line(part)).toBe(expected);
});

test('what an event does not have is a dash in the line, and null in JSON', () => {
  const bare = { ...EVENT, domain: undefined, bridge: undefined, vnet: undefined, before: undefined, after: undefined };
  expect(renderHistory({ events: [bare], cut: false }, false)).toBe(
    '2026-02-03T04:05:06.000Z  -  -  healed  the text\n',
  );
  expect(renderHistory({ events: [], cut: false }, false)).toBe('');
  const { cut, events } = historyJson({
    events: [bare, { ...EVENT, expected: 'e', actual: 'a', problem: 'p' }],
    cut: true,
  });
  expect(cut).toBe(true);
  const nothing = { domain: null, bridge: null, vnet: null, before: null, after: null };
  expect(events[0]).toMatchObject({ ...nothing, expected: null, actual: null, problem: null });
  expect(events[1]).toEqual({ ...EVENT, at: '2026-02-03T04:05:06.000Z', expected: 'e', actual: 'a', problem: 'p' });
});
