import { expect, it, vi } from 'vitest';
import { createAuditBook } from '../../src/exporter/audits.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import { bridge, EXAMPLE, report } from '../report/example.ts';
import { logSpy } from './fixture.ts';

const SNAPSHOT: Snapshot = {
  takenAt: 1,
  links: { ok: true, value: [] },
  vlans: { ok: true, value: new Map() },
  domains: { ok: true, value: [] },
  collectors: [],
};

it('an audit takes as long as from its begin to its end', () => {
  vi.useFakeTimers();
  try {
    const book = createAuditBook(logSpy());
    vi.advanceTimersByTime(1000);
    const record = book.begin('event', 1);
    vi.advanceTimersByTime(40);
    record.end(SNAPSHOT, EXAMPLE, true);
    expect(book.state().last).toMatchObject({ trigger: 'event', beganAt: 1, durationMs: 40 });
  } finally {
    vi.useRealTimers();
  }
});

it('a bridge that is not there is told, and is no failure of the audit; one that cannot be read is', () => {
  const unknowns = ['br0', 'br1'].map((name) => ({ kind: 'bridge', name, problem: 'why' }) as const);
  const absent = report(bridge({ name: 'br0', present: false }));
  const book = createAuditBook(logSpy());
  book.begin('event', 1).end(SNAPSHOT, { ...absent, unknowns: unknowns.slice(0, 1) }, true);
  expect(book.state()).toMatchObject({ failures: 0, lastSuccessAt: 1, last: { problem: undefined } });
  book.begin('event', 2).end(SNAPSHOT, { ...absent, unknowns }, true);
  expect(book.state()).toMatchObject({ failures: 1, lastSuccessAt: 1, last: { problem: 'bridge br1: why' } });
});
