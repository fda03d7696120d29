import { expect, it, vi } from 'vitest';
import { createAuditBook } from '../../src/exporter/audits.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import { EXAMPLE } from '../report/example.ts';
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
