import { expect, it, onTestFinished, vi } from 'vitest';
import { createAuditBook } from '../../src/exporter/audits.ts';
import type { Report, Unknown } from '../../src/model/report.ts';
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
    expect(book.state().last).toMatchObject({ trigger: 'event', durationMs: 40 });
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

it('when an audit ended is told whatever it could read; one that ended in an error shows nothing new, and does not count', () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const book = createAuditBook(logSpy());
  const auditAt = (at: number, of: Report) => {
    const record = book.begin('schedule', at);
    vi.advanceTimersByTime(40);
    record.end(SNAPSHOT, of, false);
    return book.state();
  };
  expect(book.state().lastEndedAt).toBeUndefined();
  expect(auditAt(1000, report())).toMatchObject({ lastEndedAt: 1040, lastSuccessAt: 1000 });
  expect(auditAt(2000, unread('a'))).toMatchObject({ lastEndedAt: 2040, lastSuccessAt: 1000 });
  book.begin('schedule', 3000).fail(new Error('a bug'));
  expect(book.state()).toMatchObject({ lastEndedAt: 2040, lastSuccessAt: 1000 });
});

const unread = (...names: readonly string[]): Report => ({
  ...report(),
  unknowns: names.map((name): Unknown => ({ kind: 'domain', name, problem: 'why' })),
});

it('the problem of an audit names up to five things that could not be read, and how many more there are', () => {
  const book = createAuditBook(logSpy());
  const problemWith = (...names: readonly string[]) => {
    book.begin('event', 1).end(SNAPSHOT, unread(...names), true);
    return book.state().last?.problem;
  };
  const five = 'domain a: why; domain b: why; domain c: why; domain d: why; domain e: why';
  expect(problemWith('a', 'b', 'c', 'd', 'e')).toBe(five);
  expect(problemWith('a', 'b', 'c', 'd', 'e', 'f', 'g')).toBe(`${five}; and 2 more`);
});

it('what cannot be read is logged when that begins and when it ends, and not in between', () => {
  const log = logSpy();
  const book = createAuditBook(log);
  const logged = (of: Report) => {
    log.warn.mockClear();
    log.info.mockClear();
    book.begin('event', 1).end(SNAPSHOT, of, false);
    return [...log.warn.mock.calls, ...log.info.mock.calls];
  };
  expect(logged(unread('a'))).toEqual([[{ domain: 'a', problem: 'why' }, 'cannot be read']]);
  expect(logged(unread('a'))).toEqual([]);
  expect(logged(unread('b'))).toEqual([
    [{ domain: 'b', problem: 'why' }, 'cannot be read'],
    [{ domain: 'a' }, 'is unreadable no longer'],
  ]);
  const vlans: Unknown = { kind: 'vlans', name: undefined, problem: 'why' };
  expect(logged({ ...report(), unknowns: [vlans] })[0]).toEqual([
    { collector: 'vlans', problem: 'why' },
    'cannot be read',
  ]);
});

it('taps of nobody were read well: they are no failure, and not logged', () => {
  const log = logSpy();
  const book = createAuditBook(log);
  book
    .begin('event', 1)
    .end(SNAPSHOT, { ...report(), unknowns: [{ kind: 'taps', name: 'br0', problem: 'why' }] }, true);
  expect(book.state()).toMatchObject({ failures: 0, last: { problem: undefined } });
  expect(log.warn).not.toHaveBeenCalled();
});

it('an audit is a line of the log; only one that changed the report shows without debugging', () => {
  const log = logSpy();
  const book = createAuditBook(log);
  book.begin('event', 1).end(SNAPSHOT, EXAMPLE, true);
  expect(log.info.mock.calls).toEqual([[expect.objectContaining({ trigger: 'event' }), 'report changed']]);
  expect(log.debug).not.toHaveBeenCalled();
  book.begin('schedule', 2).end(SNAPSHOT, EXAMPLE, false);
  expect(log.debug.mock.calls).toEqual([[expect.objectContaining({ trigger: 'schedule' }), 'audit']]);
  expect(log.info).toHaveBeenCalledTimes(1);
});

it('each reader of the last audit is told with its problem, also after an audit that ended in an error', () => {
  const log = logSpy();
  const book = createAuditBook(log);
  const runs = [
    { collector: 'links', ok: true, durationMs: 1 },
    { collector: 'vlans', ok: false, durationMs: 2 },
  ] as const;
  book.begin('startup', 1).end({ ...SNAPSHOT, vlans: { ok: false, error: 'no' }, collectors: runs }, EXAMPLE, true);
  const collectors = [
    { ...runs[0], problem: undefined },
    { ...runs[1], problem: 'no' },
  ];
  expect(book.state().collectors).toEqual(collectors);
  book.begin('event', 2).fail(new Error('a bug'));
  expect(book.state()).toMatchObject({
    total: { startup: 1, event: 1 },
    failures: 1,
    lastSuccessAt: 1,
    last: { problem: 'a bug' },
    collectors,
  });
  expect(log.error.mock.calls).toEqual([
    [{ trigger: 'event', problem: 'a bug', stack: expect.stringContaining('audits.test') }, 'audit failed'],
  ]);
});
