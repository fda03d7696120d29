import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { HookSource } from '../../../src/host/linux/journal.ts';
import { followHookJournal } from '../../../src/host/linux/journal.ts';
import { createSimHost, type SimHost } from '../../../src/host/sim/host.ts';

let host: SimHost;
let journal: HookSource;

beforeEach(() => {
  vi.useFakeTimers();
  host = createSimHost();
});
afterEach(() => {
  journal.stop();
  vi.useRealTimers();
});

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const settle = (ms = 2000) => vi.advanceTimersByTimeAsync(ms);
const original = (name: string, MESSAGE: string) =>
  host.journal.append({ SYSLOG_IDENTIFIER: 'libvirt-hook', SYSLOG_PID: name, PRIORITY: '5', MESSAGE });
async function follow() {
  journal = followHookJournal(host, ['libvirt-hook'], silent);
  await settle();
}
function errors(domain = 'a') {
  const { stats } = journal.read();
  return stats.ok ? (stats.value.byDomain.get(domain)?.errors ?? 0) : stats.error;
}

test('what the journal held at the start is counted, then what comes', async () => {
  original('a', 'ERROR: old');
  await follow();
  expect(errors()).toBe(1);
  original('a', 'ERROR: new');
  await settle();
  expect(errors()).toBe(2);
  expect(journal.read()).toMatchObject({ watching: true });
});

test('before all old entries are counted the counts are unknown, not small', () => {
  original('a', 'ERROR: old');
  journal = followHookJournal(host, ['libvirt-hook'], silent);
  expect(errors()).toBe('the journal is being read');
});

test('an empty journal is zero errors', async () => {
  await follow();
  expect(journal.read().stats).toEqual({ ok: true, value: { byDomain: new Map() } });
});

test('when journalctl dies nothing is counted twice and nothing is lost', async () => {
  original('a', 'ERROR: 1');
  await follow();
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
  await follow();
  original('a', 'ERROR: theirs');
  host.journal.append({ SYSLOG_IDENTIFIER: 'libvirt-hook[b]', PRIORITY: '3', MESSAGE: 'first' });
  original('a', 'ERROR: theirs again');
  await settle(70_000);
  host.journal.append({ SYSLOG_IDENTIFIER: 'libvirt-hook[b]', PRIORITY: '3', MESSAGE: 'second' });
  await settle();
  expect([errors('a'), errors('b')]).toEqual([2, 2]);
});

test('without permission the error names the groups, and it recovers by itself', async () => {
  const stderr =
    "Hint: You are currently not seeing messages from other users and the system.\nUsers in groups 'adm' …\n";
  host.sabotage((line) => line.startsWith('journalctl'), { exitCode: 0, stderr });
  await follow();
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
  await follow();
  expect(errors()).toContain('journalctl');
});

test('subscribers hear of new entries', async () => {
  await follow();
  const heard = vi.fn();
  journal.subscribe(heard);
  original('a', 'ERROR: 1');
  await settle();
  expect(heard).toHaveBeenCalled();
});

test('a hook is installed where ours or the original is executable', async () => {
  await follow();
  expect(journal.read().installed).toBe(false);
  host.writeFile('/etc/libvirt/hooks/qemu', '#!/bin/sh\nexit 0\n');
  expect(journal.read().installed).toBe(false);
  host.writeFile('/etc/libvirt/hooks/qemu.d/50-vlan', '#!/bin/sh\n# libvirt-vlan-exporter: hook\n');
  expect(journal.read().installed).toBe(true);
  host.forbid('/etc/libvirt/hooks/qemu.d');
  expect(journal.read().installed).toBeUndefined();
});
