import { expect, it } from 'vitest';
import { createStatusReader, parseStatus } from '../../src/host/remediator-status.ts';
import { createSimHost } from '../../src/host/sim/host.ts';
import { STATUS_FILE } from '../../src/model/remediator-paths.ts';
import { statusAt } from '../support/status.ts';

const NOW = 1_000_000_000;
const STATUS = statusAt(NOW - 5000, {
  policySha256: 'ab',
  domains: [{ bridge: 'br', domain: 'a', remediations: 1, failures: 0, lastAt: NOW, suspendedSince: undefined }],
  refusals: [
    { bridge: 'br', domain: undefined, vnet: undefined, reason: 'filtering_off', text: 'the bridge does not filter' },
  ],
  duration: {
    buckets: [
      [1, 1],
      [null, 1],
    ],
    sum: 0.5,
    count: 1,
  },
});

function reader() {
  let now = NOW;
  const host = createSimHost({ now: () => now });
  const read = createStatusReader(host);
  return { read, write: (text: string) => host.writeFile(STATUS_FILE, text), host, pass: (ms: number) => (now += ms) };
}

it('no file is absent', () => {
  expect(reader().read()).toEqual({ kind: 'absent' });
});

it('a good file is current until the next cycle that it announces is a minute overdue', () => {
  const { read, write, pass } = reader();
  write(JSON.stringify({ ...STATUS, nextCycleAt: NOW + 3_600_000 }));
  expect(read()).toMatchObject({ kind: 'current' });
  pass(3_660_000);
  expect(read().kind).toBe('current');
  pass(1);
  expect(read().kind).toBe('stale');
});

it('one that announces none is current for a minute', () => {
  const { read, write, pass } = reader();
  write(JSON.stringify(STATUS));
  expect(read()).toEqual({ kind: 'current', status: STATUS });
  pass(56_000);
  expect(read().kind).toBe('stale');
  pass(-56_000);
  expect(read().kind).toBe('current');
});

it('one of the future, from before the clock was set back, is of no daemon that runs', () => {
  const { read, write } = reader();
  write(JSON.stringify({ ...STATUS, lastCycleAt: NOW + 3_600_000, nextCycleAt: NOW + 3_615_000 }));
  expect(read().kind).toBe('stale');
});

it('the same file is the same object, a new one is read', () => {
  const { read, write } = reader();
  write(JSON.stringify(STATUS));
  const first = read();
  expect(read()).toBe(first);
  write(JSON.stringify({ ...STATUS, dryRun: true }));
  expect(read()).toMatchObject({ status: { dryRun: true } });
});

it.each([
  ['of 16 MiB', { size: 16 * 1024 * 1024 }, 'current'],
  ['larger than 16 MiB', { size: 16 * 1024 * 1024 + 1 }, 'unreadable'],
  ['that is a folder', { isFile: false }, 'unreadable'],
])('a status file %s is %s', (_, more, kind) => {
  const { write, host } = reader();
  write(JSON.stringify(STATUS));
  const stat = (path: string) => {
    const found = host.stat(path);
    return found && { ...found, ...more };
  };
  expect(createStatusReader({ ...host, stat })().kind).toBe(kind);
});

it('a file that may not be read is unreadable, and read again once it may', () => {
  const { read, write, host } = reader();
  write(JSON.stringify(STATUS));
  host.forbid(STATUS_FILE);
  expect(read()).toMatchObject({ kind: 'unreadable', problem: expect.stringContaining('permission') });
  host.forbid(STATUS_FILE, false);
  expect(read().kind).toBe('current');
});

const decided = {
  at: NOW,
  bridge: 'br',
  domain: 'a',
  vnet: 'v',
  trigger: 'event',
  outcome: 'failed',
  before: '',
  after: '',
};
const recent = (at: number) => [{ ...decided, commands: [], at }];
const ofDomain = (more: object) => [{ ...STATUS.domains[0], ...more }];

it.each([
  ['startedAt', (at: number) => ({ startedAt: at })],
  ['lastCycleAt', (at: number) => ({ lastCycleAt: at })],
  ['nextCycleAt', (at: number) => ({ nextCycleAt: at })],
  ['domains[0].lastAt', (at: number) => ({ domains: ofDomain({ lastAt: at }) })],
  ['domains[0].suspendedSince', (at: number) => ({ domains: ofDomain({ suspendedSince: at }) })],
  ['recent[0].at', (at: number) => ({ recent: recent(at) })],
])('a %s that no date can be is unreadable', (where, change) => {
  for (const at of [1e300, 8.64e15 + 1, -1])
    expect(parseStatus(JSON.stringify({ ...STATUS, ...change(at) }))).toEqual({
      kind: 'unreadable',
      problem: `status.json.${where}: expected a time in milliseconds since 1970`,
    });
  expect(parseStatus(JSON.stringify({ ...STATUS, ...change(8.64e15) })).kind).toBe('current');
});

it.each([
  ['', 'status.json: '],
  ['{"version":1', 'status.json: '],
  ['null', 'status.json: expected an object'],
  ['[]', 'status.json.version: missing'],
  [JSON.stringify({ ...STATUS, version: 2 }), 'status.json.version: expected 1'],
  [JSON.stringify({ ...STATUS, lastCycleAt: '5' }), 'status.json.lastCycleAt: expected a number'],
  [
    JSON.stringify({ ...STATUS, domains: [{ ...STATUS.domains[0], domain: 7 }] }),
    'status.json.domains[0].domain: expected a string',
  ],
  [
    JSON.stringify({ ...STATUS, duration: { buckets: [[1]], sum: 1, count: 1 } }),
    'status.json.duration.buckets[0][1]: expected a number',
  ],
])('what is not a status is unreadable, and says where (%#)', (text, problem) => {
  expect(parseStatus(text)).toMatchObject({ kind: 'unreadable', problem: expect.stringContaining(problem) });
});
