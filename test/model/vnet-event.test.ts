import { expect, test } from 'vitest';
import { entryOf } from '../../src/hook/facts.ts';
import type { Decision } from '../../src/model/remediator-status.ts';
import { eventFields } from '../../src/model/vnet-event.ts';
import { journalEntries } from '../../src/remediation/record.ts';

const EVENT = {
  domain: 'web',
  bridge: 'br0',
  vnet: 'vnet1',
  outcome: 'verified',
  before: '1*',
  after: '10 100*',
  durationMs: 7,
} as const;

test('hook and remediator write what became of a vnet in the same fields', () => {
  const decision: Decision = { ...EVENT, at: 1, trigger: 'event', commands: [], problem: undefined };
  const call = { guest: 'web', operation: 'start' } as const;
  const ofHook = entryOf({ ...EVENT, severity: 'info', text: 'x' }, call, EVENT.durationMs, false);
  expect(ofHook).toMatchObject(eventFields(EVENT));
  expect(journalEntries([decision])[0]).toMatchObject(eventFields(EVENT));
});
