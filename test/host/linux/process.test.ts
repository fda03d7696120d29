import { closeSync, fstatSync, openSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { processFacts, stderrIsJournal } from '../../../src/host/linux/process.ts';

const { JOURNAL_STREAM } = process.env;
afterEach(() => {
  if (JOURNAL_STREAM === undefined) delete process.env.JOURNAL_STREAM;
  else process.env.JOURNAL_STREAM = JOURNAL_STREAM;
});

test('what this process uses is told in seconds and bytes', () => {
  const seconds = () => (({ user, system }) => (user + system) / 1e6)(process.cpuUsage());
  const before = seconds();
  const { cpuSeconds, startTime, residentBytes } = processFacts();
  expect(cpuSeconds).toBeGreaterThanOrEqual(before);
  expect(cpuSeconds).toBeLessThanOrEqual(seconds());
  expect(Math.abs(startTime + performance.now() / 1000 - Date.now() / 1000)).toBeLessThan(60);
  expect(residentBytes).toBeGreaterThan(1e6);
});

test('an open file counts among the descriptors', () => {
  const before = processFacts().openFds ?? Number.NaN;
  const fd = openSync('/dev/null', 'r');
  expect(processFacts().openFds).toBe(before + 1);
  closeSync(fd);
  expect(processFacts().openFds).toBe(before);
});

test('stderr is the journal where it is the stream that systemd named', () => {
  const { dev, ino } = fstatSync(2);
  process.env.JOURNAL_STREAM = `${dev}:${ino}`;
  expect(stderrIsJournal()).toBe(true);
  process.env.JOURNAL_STREAM = `${dev}:${ino + 1}`;
  expect(stderrIsJournal()).toBe(false);
  delete process.env.JOURNAL_STREAM;
  expect(stderrIsJournal()).toBe(false);
});
