import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { HookSource } from '../../../src/host/linux/journal.ts';
import { followHookJournal, readHookOnce } from '../../../src/host/linux/journal.ts';
import { createSimHost } from '../../../src/host/sim/host.ts';
import { onPrograms, type ProgramsHost } from '../../support/on-programs.ts';

let host: ProgramsHost;
let journal: HookSource;
const heard = vi.fn();

beforeEach(() => {
  vi.useFakeTimers();
  host = onPrograms(createSimHost());
});
afterEach(() => {
  journal.stop();
  vi.useRealTimers();
});

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const settle = (ms = 2000) => vi.advanceTimersByTimeAsync(ms);
const original = (name: string, MESSAGE: string) =>
  host.journal.append({ SYSLOG_IDENTIFIER: 'libvirt-hook', SYSLOG_PID: name, PRIORITY: '5', MESSAGE });
async function startFollowing() {
  journal = followHookJournal(host, ['libvirt-hook'], silent, heard);
  await settle();
}
function errors(domain = 'a') {
  const { stats } = journal.read();
  return stats.ok ? (stats.value.byDomain.get(domain)?.errors ?? 0) : stats.error;
}

test('what the journal held at the start is counted, then what comes', async () => {
  original('a', 'ERROR: old');
  await startFollowing();
  expect(errors()).toBe(1);
  original('a', 'ERROR: new');
  await settle();
  expect(errors()).toBe(2);
  expect(journal.read()).toMatchObject({ watching: true });
});

test('before all old entries are counted the counts are unknown, not small', () => {
  original('a', 'ERROR: old');
  journal = followHookJournal(host, ['libvirt-hook'], silent, heard);
  expect(errors()).toBe('the journal is being read');
});

test('an empty journal is zero errors', async () => {
  await startFollowing();
  expect(journal.read().stats).toEqual({ ok: true, value: { byDomain: new Map(), suppressed: 0 } });
});

test('when journalctl dies nothing is counted twice and nothing is lost', async () => {
  original('a', 'ERROR: 1');
  await startFollowing();
  for (let i = 2; i <= 5; i++) {
    host.killFollowers();
    original('a', `ERROR: ${i}`);
    await settle(100);
    expect(journal.read().watching).toBe(false);
    await settle();
    expect(errors()).toBe(i);
  }
  expect(journal.read().watching).toBe(true);
});

test('a native writer with an identifier in brackets is counted, also one that appears later, and its first entry', async () => {
  await startFollowing();
  original('a', 'ERROR: theirs');
  host.journal.append({ _COMM: 'logger', SYSLOG_IDENTIFIER: 'libvirt-hook[b]', PRIORITY: '3', MESSAGE: 'first' });
  original('a', 'ERROR: theirs again');
  await settle(70_000);
  host.journal.append({ _COMM: 'logger', SYSLOG_IDENTIFIER: 'libvirt-hook[b]', PRIORITY: '3', MESSAGE: 'second' });
  await settle();
  expect([errors('a'), errors('b')]).toEqual([2, 2]);
});

test('without permission the error names the groups, and it recovers by itself', async () => {
  const stderr =
    "Hint: You are currently not seeing messages from other users and the system.\nUsers in groups 'adm' …\n";
  host.sabotage((line) => line.startsWith('journalctl'), { exitCode: 0, stderr });
  await startFollowing();
  expect(errors()).toContain('"systemd-journal" or "adm"');
  expect(journal.read().watching).toBe(false);
  host.repair();
  original('a', 'ERROR: 1');
  await settle(120_000);
  expect(errors()).toBe(1);
  expect(journal.read().watching).toBe(true);
});

test('a missing journalctl is a problem of this source only', async () => {
  host.sabotage((line) => line.startsWith('journalctl'), 'missing');
  await startFollowing();
  expect(errors()).toContain('journalctl');
});

test('new entries are told', async () => {
  await startFollowing();
  heard.mockClear();
  original('a', 'ERROR: 1');
  await settle();
  expect(heard).toHaveBeenCalled();
});

test('a hook is installed where ours or the original is executable', async () => {
  await startFollowing();
  expect(journal.read().installed).toBe(false);
  host.writeFile('/etc/libvirt/hooks/qemu', '#!/bin/sh\nexit 0\n');
  expect(journal.read().installed).toBe(false);
  host.writeFile('/etc/libvirt/hooks/qemu.d/50-vlan', '#!/bin/sh\n# libvirt-vlan-exporter: hook\n');
  expect(journal.read().installed).toBe(true);
  host.forbid('/etc/libvirt/hooks/qemu.d');
  expect(journal.read().installed).toBeUndefined();
});

test('entries of another user are not counted, and however many identifiers he makes up, journalctl is asked the same', async () => {
  const asked = () => host.commands.filter((line) => line.startsWith('journalctl'));
  const follow = vi.spyOn(host, 'follow');
  for (let i = 0; i < 9000; i++)
    host.journal.append({ _UID: '65534', SYSLOG_IDENTIFIER: `libvirt-hook[${i}${'y'.repeat(250)}]`, MESSAGE: 'x' });
  host.journal.append({ _UID: '65534', SYSLOG_IDENTIFIER: 'libvirt-hook', SYSLOG_PID: 'a', MESSAGE: 'ERROR: forged' });
  original('a', 'ERROR: true');
  await startFollowing();
  await settle(130_000);
  expect(errors()).toBe(1);
  expect(Math.max(...asked().map((line) => line.length))).toBeLessThan(1000);
  expect(follow).toHaveBeenCalledTimes(1);
  expect(follow.mock.calls[0]?.[1].join(' ').length).toBeLessThan(1000);
});

test('whatever identifiers the config names, our own hook is heard', async () => {
  journal = followHookJournal(host, ['site-hook'], silent, heard);
  original('a', 'ERROR: ours');
  host.journal.append({ SYSLOG_IDENTIFIER: 'site-hook', SYSLOG_PID: 'a', MESSAGE: 'ERROR: theirs' });
  await settle();
  expect(errors()).toBe(2);
});

test('entries that journald suppressed are told', async () => {
  const warn = vi.fn();
  journal = followHookJournal(host, ['libvirt-hook'], { ...silent, warn }, heard);
  await settle();
  host.journal.append({
    _TRANSPORT: 'driver',
    _UID: '104',
    MESSAGE_ID: 'a596d6fe7bfa4994828e72309e95d61e',
    MESSAGE: 'Suppressed 120 messages from libvirtd.service',
    N_DROPPED: '120',
  });
  await settle();
  expect(journal.read().stats).toMatchObject({ value: { suppressed: 120 } });
  expect(warn).toHaveBeenCalledWith({ entries: 120 }, expect.stringContaining('suppressed'));
});

test('while journalctl has not yet given all old entries, the counts are unknown', async () => {
  for (let i = 0; i < 3; i++) original('a', `ERROR: ${i}`);
  const { follow } = host;
  host.follow = (command, args, events) =>
    follow(command, args, { ...events, line: (line) => void setTimeout(() => events.line(line), 5000) });
  await startFollowing();
  expect(errors()).toBe('the journal is being read');
  await settle(5000);
  expect(errors()).toBe(3);
});

test('a journal that takes longer to read than the time between two checks is unknown until its newest entry has come', async () => {
  for (let i = 1; i <= 3; i++) original('a', `ERROR: ${i}`);
  const follow = vi.spyOn(host, 'follow').mockReturnValue({ stop() {} });
  await startFollowing();
  const { line } = follow.mock.calls[0]?.[2] ?? {};
  const entries = await host.journal.read({ anyOf: [[]], fields: [] }, 1000);
  const [first = '', second = '', newest = ''] = entries.ok ? entries.value : [];
  line?.(first);
  await settle(70_000);
  expect(errors()).toBe('the journal is being read');
  line?.(second);
  await settle(130_000);
  expect(errors()).toBe('the journal is being read');
  line?.(newest);
  expect(errors()).toBe(3);
});

test('where the newest entry was vacuumed before it came, the next newest one counts', async () => {
  original('a', 'ERROR: 1');
  const follow = vi.spyOn(host, 'follow').mockReturnValue({ stop() {} });
  await startFollowing();
  expect(errors()).toBe('the journal is being read');
  original('a', 'ERROR: 2');
  const entries = await host.journal.read({ anyOf: [[]], fields: [], last: 1 }, 1000);
  follow.mock.calls[0]?.[2].line((entries.ok ? entries.value[0] : undefined) ?? '');
  expect(errors()).toBe('the journal is being read');
  await settle(70_000);
  expect(errors()).toBe(1);
});

test('journalctl that dies after a recheck: nothing is counted twice', async () => {
  for (let i = 0; i < 3; i++) original('a', `ERROR: ${i}`);
  await startFollowing();
  await settle(130_000);
  host.killFollowers();
  await settle(3000);
  expect(errors()).toBe(3);
});

test.each([1, 999, 1000])('it is known again though %d others came after it', async (others) => {
  original('a', 'ERROR: 1');
  const follow = vi.spyOn(host, 'follow').mockReturnValue({ stop() {} });
  await startFollowing();
  original('a', 'ERROR: 2');
  const entries = await host.journal.read({ anyOf: [[]], fields: [], last: 1 }, 1000);
  const { line } = follow.mock.calls[0]?.[2] ?? {};
  line?.((entries.ok ? entries.value[0] : undefined) ?? '');
  for (let i = 0; i < others; i++) line?.(`{"__CURSOR":"other ${i}"}`);
  await settle(70_000);
  expect(errors()).toBe(1);
});

/** Where journalctl was told to resume, at each of its starts. */
const resumedAt = (follow: { readonly mock: { readonly calls: readonly (readonly unknown[])[] } }) =>
  follow.mock.calls.map(([, args]) => (args as readonly string[]).find((arg) => arg.startsWith('--cursor=')));

test('following resumes where the last minute began, and not later: an entry may be written late', async () => {
  original('a', 'ERROR: 1');
  const follow = vi.spyOn(host, 'follow');
  await startFollowing();
  await settle(60_000);
  for (let i = 2; i <= 4; i++) original('a', `ERROR: ${i}`);
  await settle(100);
  host.killFollowers();
  await settle();
  expect(resumedAt(follow)).toEqual([undefined, '--cursor=s=sim;i=1']);
  expect(errors()).toBe(4);
});

test('but where so many came in that minute, that no more than ten thousand are remembered', async () => {
  original('a', 'ERROR: 1');
  const follow = vi.spyOn(host, 'follow');
  await startFollowing();
  await settle(60_000);
  for (let i = 2; i <= 10_001; i++) original('a', `ERROR: ${i}`);
  await settle(100);
  host.killFollowers();
  await settle();
  expect(resumedAt(follow)).toEqual([undefined, '--cursor=s=sim;i=2710']);
  expect(errors()).toBe(10_001);
});

test('entries that are none of a hook are no news', async () => {
  await startFollowing();
  await settle();
  heard.mockClear();
  host.journal.append({ _COMM: 'logger', MESSAGE: 'something else' });
  await settle();
  expect(heard).not.toHaveBeenCalled();
});

test('that the journal is not followed is told, with when it is tried again; and after the end nothing is', async () => {
  const warn = vi.fn();
  journal = followHookJournal(host, [], { ...silent, warn }, heard);
  await settle();
  host.killFollowers();
  await settle();
  expect(warn.mock.calls).toEqual([
    [{ watcher: 'journal', problem: expect.any(String), retry_ms: 250 }, 'the journal is not followed'],
  ]);
  heard.mockClear();
  host.killFollowers();
  journal.stop();
  original('a', 'ERROR: 1');
  await settle(200_000);
  expect(heard).not.toHaveBeenCalled();
});

test('what was asked before the end, and is answered after it, is told to nobody', async () => {
  journal = followHookJournal(host, [], silent, heard);
  heard.mockClear();
  journal.stop();
  await settle();
  expect(heard).not.toHaveBeenCalled();
});

test.each([
  ['is read', () => original('a', 'ERROR: 1'), { ok: true }],
  ['cannot be', () => host.sabotage(() => true, 'missing'), { ok: false, error: expect.stringContaining('no such') }],
])('who asks once has his answer as soon as the journal %s', async (_, prepare, expected) => {
  await startFollowing();
  journal.stop();
  prepare();
  let answer: unknown;
  void readHookOnce(host, [], 60_000).then(({ stats }) => {
    answer = stats;
  });
  await settle(1000);
  expect(answer).toMatchObject(expected);
});

test('a journal that is too slow for a person leaves no journalctl behind', async () => {
  await startFollowing();
  journal.stop();
  const { run } = host;
  host.run = async (...call) => {
    await new Promise((resolve) => setTimeout(resolve, 4000));
    return run(...call);
  };
  const follow = vi.spyOn(host, 'follow');
  const stats = readHookOnce(host, ['libvirt-hook'], 3000);
  await settle(20_000);
  expect((await stats).stats.ok).toBe(false);
  expect(follow).not.toHaveBeenCalled();
});
