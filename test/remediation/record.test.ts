import { expect, test } from 'vitest';
import { PRIORITY } from '../../src/model/journal.ts';
import type { Decision } from '../../src/model/remediator-status.ts';
import { journalEntries } from '../../src/remediation/record.ts';

const decision = (more: Partial<Decision> = {}): Decision => ({
  at: 7,
  bridge: 'br0',
  domain: 'web',
  vnet: 'vnet1',
  trigger: 'event',
  outcome: 'verified',
  before: '1*',
  after: '100*',
  reasons: ['pvid_wrong'],
  commands: [],
  ...more,
});
const many = (count: number, more: Partial<Decision> = {}) => Array.from({ length: count }, () => decision(more));

test.each([
  ['verified', 'notice', 'web: vnet1 on br0 healed: 1* -> 100*'],
  ['failed', 'error', 'web: vnet1 on br0 failed: is 1*, should be 100*'],
  ['reverted', 'error', 'web: vnet1 on br0 reverted: is 1*, should be 100*'],
  ['suspended', 'error', 'web: vnet1 on br0 suspended: is 1*, should be 100*'],
  ['held', 'warning', 'web: vnet1 on br0 held: is 1*, should be 100*'],
  ['vanished', 'info', 'web: vnet1 on br0 vanished: is 1*, should be 100*'],
  ['paused', 'info', 'web: vnet1 on br0 paused: is 1*, should be 100*'],
] as const)('%s is of priority %s, and says what was and what should be', (outcome, priority, message) => {
  expect(journalEntries([decision({ outcome })])).toMatchObject([{ MESSAGE: message, PRIORITY: PRIORITY[priority] }]);
  expect(journalEntries([decision({ outcome, problem: 'no' })])).toMatchObject([
    { MESSAGE: `${message}: no`, LIBVIRT_VLAN_PROBLEM: 'no' },
  ]);
});

test('up to 20 decisions have an entry each; of more, those of one bridge, outcome and trigger share one', () => {
  expect(journalEntries(many(20))).toHaveLength(20);
  const entries = journalEntries([
    ...many(20),
    ...many(2, { bridge: 'br1' }),
    ...many(2, { trigger: 'probe' }),
    ...many(2, { outcome: 'failed' }),
    decision({ domain: 'alone', outcome: 'held' }),
  ]);
  expect(entries.map(({ MESSAGE }) => MESSAGE)).toEqual([
    'br0: 20 vnets verified',
    'br1: 2 vnets verified',
    'br0: 2 vnets verified',
    'br0: 2 vnets failed',
    'alone: vnet1 on br0 held: is 1*, should be 100*',
  ]);
  expect(journalEntries(many(21))).toHaveLength(1);
});

test('a shared entry has each decision, the first problem, and the longest duration', () => {
  const slow = [
    decision({ durationMs: 300 }),
    decision({ durationMs: 200, problem: 'one' }),
    decision({ problem: 'two' }),
  ];
  const [entry] = journalEntries([...slow, ...many(20, { durationMs: 100, domain: 'dömän' })]);
  expect(entry).toMatchObject({
    MESSAGE: 'br0: 23 vnets verified, the first: one',
    PRIORITY: PRIORITY.notice,
    LIBVIRT_VLAN_DURATION_MS: 300,
    LIBVIRT_VLAN_TRIGGER: 'event',
    LIBVIRT_VLAN_OUTCOME: 'verified',
  });
  const text = String(entry?.LIBVIRT_VLAN_DECISIONS);
  expect(JSON.parse(text).at(-1)).toEqual(['dömän', 'vnet1', '1*', '100*', 7, ['pvid_wrong']]);
  expect(text).toContain('d\\u00f6m\\u00e4n');
  expect(journalEntries(many(21))[0]?.LIBVIRT_VLAN_DURATION_MS).toBe(0);
});
