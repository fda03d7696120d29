// The events of the status page, and what the page is made of, without a server.
import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Exporter } from '../../src/exporter/exporter.ts';
import type { ExporterState } from '../../src/exporter/state.ts';
import { createEventHub } from '../../src/web/events.ts';
import { createPageSource } from '../../src/web/page-source.ts';
import { createRateLimiter } from '../../src/web/rate-limit.ts';
import { report } from '../report/example.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A client with so many bytes that it has not read; what it was told, as "event data". */
function client(unread = 0) {
  const told: string[] = [];
  const response = Object.assign(new EventEmitter(), {
    writableLength: unread,
    writeHead: (status: number, headers: object) => told.push(`${status} ${Object.keys(headers).join(' ')}`),
    write: (text: string) => told.push(text.trim().replace(/^event: (\w+)\ndata: (\d+)$/, '$1 $2')),
    end: () => told.push('end'),
    destroy: () => told.push('destroyed'),
  });
  return { told, response: response as unknown as ServerResponse };
}

it('a client hears of the last change at once, of each that comes, and a ping in between', () => {
  const hub = createEventHub(1000, '0');
  hub.changed('7');
  const { told, response } = client();
  hub.add(response, { 'x-a': 'b' });
  expect(told.splice(0)).toEqual(['200 x-a content-type cache-control', 'retry: 2000', 'report 7']);
  vi.advanceTimersByTime(999);
  expect(told).toEqual([]);
  hub.changed('8');
  vi.advanceTimersByTime(1001);
  expect(told.splice(0)).toEqual(['report 8', 'ping 8', 'ping 8']);
  hub.close();
  expect(told).toEqual(['end']);
});

it('nobody is pinged when all have gone, and whoever comes then is again', () => {
  const hub = createEventHub(1000, '0');
  const [first, second] = [client(), client()];
  hub.add(first.response, {});
  hub.add(second.response, {});
  expect(hub.size).toBe(2);
  first.response.emit('close');
  second.told.length = 0;
  vi.advanceTimersByTime(1000);
  expect(second.told).toEqual(['ping 0']);
  second.response.emit('error', new Error('reset'));
  expect([hub.size, vi.getTimerCount()]).toEqual([0, 0]);
  const third = client();
  hub.add(third.response, {});
  vi.advanceTimersByTime(1000);
  expect(third.told.at(-1)).toBe('ping 0');
});

it('who does not read is left behind', () => {
  const hub = createEventHub(1000, '0');
  const [slow, gone] = [client(16_384), client(16_385)];
  for (const { response } of [slow, gone]) hub.add(response, {});
  expect([slow.told.at(-1), gone.told.at(-1)]).toEqual(['report 0', 'destroyed']);
});

/** What the page shows of such a state. */
function pageOf(part: object) {
  const state = {
    report: report(),
    config: { problem: 'refused' },
    audits: { last: undefined, lastSuccessAt: 1, collectors: [] },
    nextAuditAt: 10_000,
    watchers: [],
    hook: undefined,
    remediator: { kind: 'absent' },
    ...part,
  } as unknown as ExporterState;
  const exporter = { state: () => state, subscribe: () => () => {} } as unknown as Exporter;
  const facts = { hostname: 'h', notice: 'n', metricsPath: '/m', now: () => 42 };
  return createPageSource(exporter, facts).read();
}

it('an audit is overdue when it should have ended, with a moment to spare; never where none is due', () => {
  const last = { trigger: 'event', durationMs: 30, problem: 'why' };
  const audits = { last, lastSuccessAt: 1, collectors: [] };
  expect(pageOf({ audits })).toMatchObject({
    hostname: 'h',
    notice: 'n',
    metricsPath: '/m',
    now: 42,
    audit: {
      trigger: 'event',
      durationMs: 30,
      lastSuccessAt: 1,
      dueAt: 15_030,
      problem: 'why',
      configProblem: 'refused',
    },
  });
  expect(pageOf({ audits, nextAuditAt: Number.POSITIVE_INFINITY }).audit.dueAt).toBeUndefined();
  expect(pageOf({}).audit).toMatchObject({ trigger: undefined, durationMs: undefined, dueAt: undefined });
});

it('each reader and watcher is a source of the page, the journal among them', () => {
  const collectors = [{ collector: 'links', ok: false, durationMs: 3, problem: 'no' }];
  const watchers = [
    { watcher: 'links', up: true },
    { watcher: 'domains', up: false },
  ];
  const hook = { stats: { ok: true, value: {} }, durationMs: 9, watching: true, installed: true };
  expect(pageOf({ audits: { last: undefined, lastSuccessAt: 1, collectors }, watchers, hook })).toMatchObject({
    collectors: [...collectors, { collector: 'journal', ok: true, problem: undefined, durationMs: 9 }],
    watchers: [...watchers, { watcher: 'journal', up: true }],
  });
});

it('a burst is let in at once, then one more each interval; another limit begins anew', () => {
  let now = 0;
  const allow = createRateLimiter(() => now);
  const limit = { intervalMs: 100, burst: 2 };
  const letIn = (count: number, of = limit) =>
    Array.from({ length: count }, () => allow({ ...of })).filter(Boolean).length;
  expect(letIn(5)).toBe(2);
  now = 99;
  expect(letIn(1)).toBe(0);
  now = 100;
  expect(letIn(2)).toBe(1);
  now = 100_000;
  expect(letIn(5)).toBe(2);
  expect(letIn(5, { ...limit, burst: 3 })).toBe(3);
  expect(letIn(5, { intervalMs: 50, burst: 3 })).toBe(3);
  expect(letIn(5, { intervalMs: 50, burst: 0 })).toBe(0);
  expect(allow(undefined)).toBe(true);
});
