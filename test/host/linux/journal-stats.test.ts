import { expect, test } from 'vitest';
import type { HookEvent } from '../../../src/host/linux/journal-event.ts';
import { createHookCounts } from '../../../src/host/linux/journal-stats.ts';

const event = (domain: string, severity: HookEvent['severity'], at = 1, run = false): HookEvent => ({
  kind: 'hook',
  cursor: `${at}`,
  at,
  domain,
  severity,
  run,
  text: `${severity} at ${at}`,
});

test('errors, warnings and runs are counted by domain, the last error is kept', () => {
  const counts = createHookCounts();
  counts.add(event('a', 'info', 1, true));
  counts.add(event('a', 'error', 2));
  counts.add(event('a', 'warning', 3));
  counts.add(event('a', 'error', 4, true));
  expect(counts.stats().byDomain.get('a')).toEqual({
    errors: 2,
    warnings: 1,
    runs: 2,
    lastError: { at: 4, text: 'error at 4' },
  });
});

test('without news the counts are the same object, and what was given out does not change', () => {
  const counts = createHookCounts();
  counts.add(event('a', 'error'));
  const before = counts.stats();
  expect(counts.stats()).toBe(before);
  counts.add(event('a', 'error'));
  expect(before.byDomain.get('a')?.errors).toBe(1);
  expect(counts.stats().byDomain.get('a')?.errors).toBe(2);
});

test('what journald suppressed is added up, and is no domain', () => {
  const counts = createHookCounts();
  for (const entries of [120, 7]) counts.add({ kind: 'suppressed', cursor: 'c', entries });
  expect(counts.stats()).toEqual({ byDomain: new Map(), suppressed: 127 });
});

test('names beyond the limit, long ones and missing ones are added up as (other)', () => {
  const counts = createHookCounts(2);
  for (const name of ['a', 'b', 'c', 'd', '', 'x'.repeat(1000), 'a']) counts.add(event(name, 'error'));
  const errors = [...counts.stats().byDomain].map(([name, stats]) => [name, stats.errors]);
  expect(errors).toEqual([
    ['a', 2],
    ['b', 1],
    ['(other)', 4],
  ]);
});
