import { expect, onTestFinished, test, vi } from 'vitest';
import type { Settings } from '../../src/config/settings.ts';
import { watchHost } from '../../src/host/linux/watch.ts';
import type { JournalFields } from '../../src/model/journal.ts';
import { AGREED_FILE, PAUSE_FILE } from '../../src/model/remediator-paths.ts';
import type { RemediatorStatus } from '../../src/model/remediator-status.ts';
import { createRemediator, type RemediatorOptions } from '../../src/remediation/remediator.ts';
import { createStateMemory } from '../../src/remediation/state-file.ts';
import { createFleet, LIMITS, policyOf, WELL } from './fleet.ts';

const SETTINGS = { policy: policyOf(100), remediation: LIMITS } as Settings;

function start(vms: number, options: Partial<RemediatorOptions> = {}) {
  const fleet = createFleet(vms);
  const lines: string[] = [];
  const write = (fields: object, message: string) => void lines.push(`${message} ${JSON.stringify(fields)}`);
  const log = { debug: () => undefined, info: write, warn: write, error: write };
  const published: RemediatorStatus[] = [];
  const remediator = createRemediator({
    host: fleet.host,
    settings: SETTINGS,
    store: createStateMemory(),
    dryRun: false,
    log,
    publish: (status) => void published.push(status),
    ...options,
  });
  return { ...fleet, remediator, lines, published, log };
}

test('each heal is one journal entry with trigger, tables, commands, outcome and milliseconds', async () => {
  const { remediator, host } = start(1);
  remediator.wake('startup');
  await remediator.idle();
  const [entry] = host.journal.entries.filter((e) => e.SYSLOG_IDENTIFIER === 'libvirt-vlan-remediator');
  expect(entry).toMatchObject({
    PRIORITY: '5',
    LIBVIRT_VLAN_DOMAIN: 'vm-1',
    LIBVIRT_VLAN_TRIGGER: 'startup',
    LIBVIRT_VLAN_OUTCOME: 'verified',
    LIBVIRT_VLAN_BEFORE: '1*',
    LIBVIRT_VLAN_AFTER: WELL,
    LIBVIRT_VLAN_DURATION_MS: '0',
  });
  expect(entry?.LIBVIRT_VLAN_COMMAND).toContain('bridge vlan add vid 100 dev vnet0 pvid untagged');
});

test('the entry of a heal says what was wrong, and so does the status', async () => {
  const { remediator, host, published } = start(1);
  remediator.wake('startup');
  await remediator.idle();
  const reasons = ['pvid_wrong', 'vlan_missing', 'vlan_unexpected'];
  expect(host.journal.entries.at(-1)).toMatchObject({ LIBVIRT_VLAN_FINDING: reasons });
  expect(published[0]?.recent[0]?.reasons).toEqual(reasons);
});

test('a cycle of many vnets is one journal entry, a read, and a batch that reads back', async () => {
  const { remediator, host, published } = start(200);
  remediator.wake('startup');
  await remediator.idle();
  expect(host.commands).toEqual([
    'bridge -j -compressvlans vlan show',
    'bridge -j -compressvlans -batch -',
    'logger --journald',
  ]);
  expect(published[0]?.domains).toHaveLength(200);
  expect(published[0]?.recent).toHaveLength(50);
});

test('a journal that is slower than the heals: what comes meanwhile goes as one entry, and no queue grows', async () => {
  const { remediator, host, tap, pass } = start(50);
  const entries: JournalFields[] = [];
  let release = () => {};
  const slow = new Promise<void>((resolve) => {
    release = resolve;
  });
  vi.spyOn(host.journal, 'write').mockImplementation(async (fields) => {
    entries.push(fields);
    await slow;
    return undefined;
  });
  await remediator.wake('startup');
  for (let vm = 1; vm <= 50; vm++) {
    pass(5000);
    host.wipe(tap(vm));
    await remediator.wake('event');
  }
  expect(entries).toHaveLength(1);
  release();
  await remediator.idle();
  expect(entries).toHaveLength(2);
  const decisions: [string, string, string, string, number][] = JSON.parse(String(entries[1]?.LIBVIRT_VLAN_DECISIONS));
  expect(new Set(decisions.map(([domain]) => domain))).toHaveProperty('size', 50);
  // Each was at its own time.
  expect(new Set(decisions.map(([, , , , at]) => at))).toHaveProperty('size', 50);
  await remediator.stop();
});

test('a journald that hangs holds up the end for ten seconds, and no longer', async () => {
  const { remediator, host } = start(1);
  vi.spyOn(host.journal, 'write').mockReturnValue(new Promise(() => {}));
  await remediator.wake('startup');
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const ended = vi.fn();
  void remediator.stop().then(ended);
  await vi.advanceTimersByTimeAsync(9999);
  expect(ended).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(ended).toHaveBeenCalled();
});

test('a heal after cycles that decided nothing is in the journal', async () => {
  const { remediator, host, tap, pass } = start(1);
  await remediator.wake('startup');
  await remediator.idle();
  await remediator.wake('event');
  await remediator.idle();
  const healed = () => host.journal.entries.filter((e) => e.SYSLOG_IDENTIFIER === 'libvirt-vlan-remediator');
  expect(healed()).toHaveLength(1);
  pass(5000);
  host.wipe(tap(1));
  await remediator.wake('event');
  await remediator.idle();
  expect(healed()).toHaveLength(2);
});

test("the kernel's own events after a heal wake one more look, and then it is idle", async () => {
  const { remediator, host, log } = start(3);
  const watch = watchHost(host, () => remediator.wake('event'), log);
  remediator.wake('startup');
  await vi.waitFor(() => expect(host.commands.length).toBeGreaterThan(3), { timeout: 20_000 });
  await remediator.idle();
  await new Promise(setImmediate);
  await remediator.idle();
  const after = host.commands.length;
  for (let i = 0; i < 20; i++) await new Promise(setImmediate);
  await remediator.idle();
  expect(host.commands.length).toBe(after);
  expect(host.commands.filter((line) => line.includes('-batch'))).toHaveLength(1);
  watch.stop();
  await remediator.stop();
});

test('while somebody else holds the lock nothing is done; it is said once, and tried again', async () => {
  vi.useFakeTimers();
  let holder: string | undefined = 'heal, process 7';
  const lock = async () =>
    holder ? { held: false as const, holder } : { held: true as const, release: async () => undefined };
  const { remediator, host, lines } = start(1, { lock });
  remediator.wake('startup');
  await vi.advanceTimersByTimeAsync(3500);
  expect(host.commands).toEqual([]);
  expect(lines.filter((line) => line.includes('heal, process 7'))).toHaveLength(1);
  holder = undefined;
  await vi.advanceTimersByTimeAsync(1000);
  expect(host.commands).toContain('bridge -j -compressvlans -batch -');
  vi.useRealTimers();
});

test('a lock that cannot be taken is told as that, once, and tried again', async () => {
  vi.useFakeTimers();
  let full = true;
  const lock = async () => {
    if (full) return { held: false as const, problem: 'ENOSPC: no space left on device' };
    return { held: true as const, release: async () => undefined };
  };
  const { remediator, host, lines } = start(1, { lock });
  remediator.wake('startup');
  await vi.advanceTimersByTimeAsync(3500);
  expect(host.commands).toEqual([]);
  expect(lines).toEqual([
    expect.stringMatching(/^the lock cannot be taken: nothing is healed until it can be .*ENOSPC/),
  ]);
  full = false;
  await vi.advanceTimersByTimeAsync(1000);
  expect(lines.slice(1)).toEqual(['all well again {"subject":"lock"}']);
  expect(host.commands).toContain('bridge -j -compressvlans -batch -');
  vi.useRealTimers();
});

test('a status that cannot be published is logged once, and healing goes on', async () => {
  let full = true;
  const publish = () => {
    if (full) throw new Error('ENOSPC: no space left on device');
  };
  const { remediator, host, lines, tableOf, pass } = start(1, { publish });
  remediator.wake('startup');
  await remediator.idle();
  expect(await tableOf(1)).toBe(WELL);
  host.wipe('vnet0');
  pass(5000);
  remediator.wake('event');
  await remediator.idle();
  expect(await tableOf(1)).toBe(WELL);
  expect(lines.filter((line) => line.includes('ENOSPC'))).toHaveLength(1);
  full = false;
  remediator.wake('schedule');
  await remediator.idle();
  expect(lines.at(-1)).toContain('all well again');
});

test("what an operator accepted is taken once: the file is gone, and the policy's sha256 that comes back later is another edit", async () => {
  const { remediator, host } = start(1);
  host.writeFile(AGREED_FILE, 'a policy\n');
  remediator.wake('startup');
  await remediator.idle();
  expect(host.stat(AGREED_FILE)).toBeUndefined();
});

test('what an operator accepted waits for a cycle that can read the host', async () => {
  const { remediator, host } = start(1);
  host.writeFile(AGREED_FILE, 'pvid 100\n');
  host.forbid('/run/libvirt/qemu');
  remediator.wake('startup');
  await remediator.idle();
  expect(host.stat(AGREED_FILE)).toBeDefined();
  host.forbid('/run/libvirt/qemu', false);
  remediator.wake('event');
  await remediator.idle();
  expect(host.stat(AGREED_FILE)).toBeUndefined();
});

test('the pause file holds everything, and one that cannot be looked for does too', async () => {
  const { remediator, host, tableOf, published, lines } = start(1);
  host.writeFile(PAUSE_FILE, '');
  for (const trigger of ['startup', 'event']) {
    remediator.wake(trigger);
    await remediator.idle();
  }
  expect(await tableOf(1)).toBe('1*');
  const told = () => lines.filter((line) => line.includes('"file"')).map((line) => line.slice(0, line.indexOf(' {')));
  expect(told()).toEqual(['paused: nothing is healed until the pause file is gone']);
  expect(published.at(-1)?.paused).toBe(true);
  host.removeFile(PAUSE_FILE);
  host.forbid(PAUSE_FILE);
  remediator.wake('event');
  await remediator.idle();
  expect(await tableOf(1)).toBe('1*');
  host.forbid(PAUSE_FILE, false);
  remediator.wake('event');
  await remediator.idle();
  expect(await tableOf(1)).toBe(WELL);
  expect(told().at(-1)).toBe('the pause is over');
});

test('a pause that begins while the host is read counts', async () => {
  const { remediator, host, tableOf, tap, pass } = start(1);
  await remediator.wake('startup');
  pass(3_600_000);
  const { run } = host;
  vi.spyOn(host, 'run').mockImplementationOnce(async (...call) => {
    await new Promise(setImmediate);
    host.writeFile(PAUSE_FILE, '');
    host.wipe(tap(1));
    return run(...call);
  });
  await remediator.wake('schedule');
  expect(await tableOf(1)).toBe('1*');
});

test('what an operator accepted before this process began was meant for another', async () => {
  const store = createStateMemory();
  const first = start(11, { store });
  await first.remediator.wake('startup');
  first.host.writeFile(AGREED_FILE, 'pvid 7\n');
  const settings = { ...SETTINGS, policy: policyOf(7) };
  const second = start(11, { store, settings, host: first.host });
  await second.remediator.wake('startup');
  expect(second.published.at(-1)?.held).toHaveLength(11);
});

test('a failing bridge is tried again by itself when the backoff is over', async () => {
  vi.useFakeTimers();
  const { remediator, host, tableOf, pass } = start(1);
  host.sabotage((line) => line.includes('-batch'), { exitCode: 1, stderr: 'no' }, 1);
  remediator.wake('startup');
  await vi.advanceTimersByTimeAsync(10);
  expect(await tableOf(1)).toBe('1*');
  pass(1000);
  await vi.advanceTimersByTimeAsync(1000);
  expect(await tableOf(1)).toBe(WELL);
  vi.useRealTimers();
});

test('stop waits for the cycle under way: no batch is cut off', async () => {
  const { remediator, tableOf } = start(1);
  remediator.wake('startup');
  await remediator.stop();
  expect(await tableOf(1)).toBe(WELL);
  remediator.wake('event');
});

test('a vlan table that cannot be read heals nothing', async () => {
  const { remediator, host, lines } = start(1);
  host.sabotage((line) => line.includes('show'), { exitCode: 1, stderr: 'no' });
  remediator.wake('startup');
  await remediator.idle();
  expect(host.commands.some((line) => line.includes('-batch'))).toBe(false);
  expect(lines[0]).toContain('what is unknown is left alone');
});

test('the status announces the next cycle, and none where the schedule has none', async () => {
  for (const [nextAt, announced] of [
    [5000, 5000],
    [Number.POSITIVE_INFINITY, undefined],
  ] as const) {
    const { remediator, published } = start(1, { nextAt: () => nextAt });
    remediator.wake('startup');
    await remediator.idle();
    expect(published.at(-1)?.nextCycleAt).toBe(announced);
  }
});

test('of cycles in which all is well nothing is logged, and none follows by itself', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const { remediator, host, lines } = start(1);
  await remediator.wake('startup');
  await vi.advanceTimersByTimeAsync(100);
  const { length } = host.commands;
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(host.commands).toHaveLength(length);
  expect(lines).toEqual([]);
});

test('a time that is farther than timers reach is waited for a day at a time', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const day = 24 * 3_600_000;
  const settings = { ...SETTINGS, remediation: { ...LIMITS, cooldownMs: 60 * day } };
  const { remediator, host, pass } = start(1, { settings });
  await remediator.wake('startup');
  await vi.advanceTimersByTimeAsync(100);
  // Well, and to be forgotten in sixty days.
  pass(1000);
  void remediator.wake('event');
  await vi.advanceTimersByTimeAsync(100);
  const looks = () => host.commands.filter((line) => line.includes('vlan show')).length;
  const before = looks();
  await vi.advanceTimersByTimeAsync(day - 1000);
  expect(looks()).toBe(before);
  await vi.advanceTimersByTimeAsync(1000);
  expect(looks()).toBe(before + 1);
  await remediator.stop();
});

test('a state that could not be read or saved is told, and what an operator accepted is kept for a restart', async () => {
  const store = createStateMemory({ accepted: { kind: 'unknown', problem: 'torn' }, guard: {} });
  const save = vi.spyOn(store, 'save').mockImplementation(() => {
    throw new Error('ENOSPC: no space left on device');
  });
  const { remediator, host, lines } = start(1, { store });
  expect(lines).toEqual(['the state file is unreadable {"problem":"torn"}']);
  host.writeFile(AGREED_FILE, 'pvid 100\n');
  await remediator.wake('startup');
  await remediator.idle();
  expect(lines.at(-1)).toMatch(/^the state could not be saved: .*ENOSPC/);
  expect(host.stat(AGREED_FILE)).toBeDefined();
  save.mockRestore();
  await remediator.wake('event');
  await remediator.idle();
  expect(lines.at(-1)).toContain('all well again');
  expect(host.stat(AGREED_FILE)).toBeUndefined();
});

test('a dry run takes no lock, and leaves what an operator accepted to the remediator', async () => {
  const lock = vi.fn();
  const { remediator, host, tableOf } = start(1, { dryRun: true, lock });
  host.writeFile(AGREED_FILE, 'pvid 100\n');
  await remediator.wake('startup');
  await remediator.idle();
  expect(lock).not.toHaveBeenCalled();
  expect(host.stat(AGREED_FILE)).toBeDefined();
  expect(await tableOf(1)).toBe('1*');
});

test('the lock is given back after each cycle', async () => {
  const release = vi.fn(async () => undefined);
  const { remediator } = start(1, { lock: async () => ({ held: true, release }) });
  for (const trigger of ['startup', 'event']) await remediator.wake(trigger);
  expect(release).toHaveBeenCalledTimes(2);
});

test('new settings are for the next cycle on, which begins at once', async () => {
  const { remediator, host, tableOf, pass } = start(1);
  await remediator.wake('startup');
  pass(5000);
  remediator.reload({ ...SETTINGS, policy: policyOf(20) });
  await remediator.idle();
  expect(await tableOf(1)).toBe('10 20*');
  expect(host.journal.entries.at(-1)).toMatchObject({ LIBVIRT_VLAN_TRIGGER: 'reload' });
});

test('a journal that cannot be written is told once, and when it can be again', async () => {
  const { remediator, host, tap, pass, lines } = start(1);
  const write = vi.spyOn(host.journal, 'write').mockResolvedValue('no journald');
  const heal = async () => {
    pass(10_000);
    host.wipe(tap(1));
    await remediator.wake('event');
    await remediator.idle();
  };
  await heal();
  await heal();
  // Nothing is decided, so that nothing is known of the journal.
  await remediator.wake('event');
  await remediator.idle();
  expect(lines).toEqual([expect.stringMatching(/^the journal could not be written .*no journald/)]);
  write.mockResolvedValue(undefined);
  await heal();
  expect(lines.slice(1)).toEqual(['all well again {"subject":"journal"}']);
  write.mockResolvedValue('no journald');
  await heal();
  expect(lines.slice(2)).toEqual([expect.stringMatching(/^the journal could not be written .*no journald/)]);
});
