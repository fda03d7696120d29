import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Host, JournalQuery } from '../../../src/host/host.ts';
import { parseHistory, readHistory } from '../../../src/host/linux/history.ts';
import { createSimHost } from '../../../src/host/sim/host.ts';
import { FINDING_MESSAGE_ID, FINDINGS_LEFT_OUT_MESSAGE_ID } from '../../../src/model/finding-event.ts';
import { onPrograms } from '../../support/on-programs.ts';

type Fields = Readonly<Record<string, unknown>>;

const UIDS = { remediator: new Set(['61001']), exporter: new Set(['61002']) };

const hook = (fields: Fields): Fields => ({
  SYSLOG_IDENTIFIER: ['libvirt-hook', 'libvirt-hook[a]'],
  _UID: '0',
  ...fields,
});
const remediator = (fields: Fields): Fields => ({
  SYSLOG_IDENTIFIER: 'libvirt-vlan-remediator',
  _UID: '61999',
  _SYSTEMD_UNIT: 'libvirt-vlan-remediator.service',
  ...fields,
});
const exporter = (fields: Fields): Fields => ({
  SYSLOG_IDENTIFIER: 'libvirt-vlan-exporter',
  MESSAGE_ID: FINDING_MESSAGE_ID,
  _UID: '61999',
  _SYSTEMD_UNIT: 'libvirt-vlan-exporter.service',
  ...fields,
});
const vnet = { LIBVIRT_VLAN_DOMAIN: 'a', LIBVIRT_VLAN_BRIDGE: 'br0', LIBVIRT_VLAN_VNET: 'vnet0' };
const healed = { ...vnet, LIBVIRT_VLAN_OUTCOME: 'verified', LIBVIRT_VLAN_BEFORE: '1*', LIBVIRT_VLAN_AFTER: '100*' };

const parse = (...entries: readonly Fields[]) =>
  parseHistory(
    entries.map((entry) => JSON.stringify({ __REALTIME_TIMESTAMP: '1700000000000000', MESSAGE: 'text', ...entry })),
    UIDS,
  );
const kinds = (...entries: readonly Fields[]) =>
  parse(...entries).map(({ by, kind, domain, vnet: port }) => [by, kind, domain, port].join(' '));

test('a start is told once, before the first vnet that its hook configured', () => {
  const start = { ...healed, LIBVIRT_VLAN_OPERATION: 'start' };
  const entries = [
    hook(start),
    hook({ ...start, LIBVIRT_VLAN_VNET: 'vnet1', LIBVIRT_VLAN_OUTCOME: 'compliant', LIBVIRT_VLAN_RUN: '1' }),
    hook({ ...start, LIBVIRT_VLAN_OPERATION: 'started', LIBVIRT_VLAN_VNET: 'vnet1' }),
    hook({ ...start, LIBVIRT_VLAN_RUN: '1' }),
  ];
  expect(kinds(...entries)).toEqual([
    'hook started a ',
    'hook configured a vnet0',
    'hook configured a vnet1',
    'hook configured a vnet1',
    'hook started a ',
    'hook configured a vnet0',
  ]);
});

test('a run whose last entry was lost swallows no later start', () => {
  const start = { ...healed, LIBVIRT_VLAN_OPERATION: 'start' };
  const after = (seconds: number) => hook({ ...start, __REALTIME_TIMESTAMP: `${1_700_000_000 + seconds}000000` });
  const started = (...all: readonly Fields[]) => kinds(...all).filter((text) => text.includes('started')).length;
  expect([started(after(0), after(59)), started(after(0), after(61))]).toEqual([1, 2]);
});

test.each<[string, Fields]>([
  ['remediator healed a vnet0', remediator(healed)],
  ['heal healed a vnet0', remediator({ ...healed, LIBVIRT_VLAN_TRIGGER: 'heal' })],
  ['heal failed a vnet0', remediator({ ...healed, LIBVIRT_VLAN_OUTCOME: 'failed', LIBVIRT_VLAN_TRIGGER: 'heal' })],
  ['remediator healed a vnet0', remediator({ ...healed, LIBVIRT_VLAN_TRIGGER: 'event' })],
  ['remediator held a vnet0', remediator({ ...healed, LIBVIRT_VLAN_OUTCOME: 'held' })],
  ['remediator suspended a vnet0', remediator({ ...healed, LIBVIRT_VLAN_OUTCOME: 'suspended' })],
  ['remediator failed a vnet0', remediator({ ...healed, LIBVIRT_VLAN_OUTCOME: 'failed' })],
  ['exporter drifted a vnet0', exporter({ ...vnet, LIBVIRT_VLAN_STATE: 'appeared' })],
  ['exporter drifted a vnet0', exporter({ ...vnet, LIBVIRT_VLAN_STATE: 'changed' })],
  ['exporter found a vnet0', exporter({ ...vnet, LIBVIRT_VLAN_STATE: 'found' })],
  ['exporter cleared a vnet0', exporter({ ...vnet, LIBVIRT_VLAN_STATE: 'gone' })],
  ['exporter left_out  ', exporter({ MESSAGE_ID: FINDINGS_LEFT_OUT_MESSAGE_ID })],
  ['exporter left_out a ', exporter({ MESSAGE_ID: FINDINGS_LEFT_OUT_MESSAGE_ID, LIBVIRT_VLAN_DOMAIN: 'a' })],
  ['hook error a ', hook({ LIBVIRT_VLAN_DOMAIN: 'a', PRIORITY: '3' })],
  ['hook warning a ', hook({ LIBVIRT_VLAN_DOMAIN: 'a', PRIORITY: '4' })],
])('%s', (kind, entry) => {
  expect(kinds(entry)).toEqual([kind]);
});

test.each<[string, string, string]>([
  ['verified', 'healed', 'configured'],
  ['compliant', 'healed', 'configured'],
  ...['failed', 'reverted', 'vanished', 'held', 'suspended', 'paused', 'dry_run', 'refused', 'absent'].map(
    (outcome): [string, string, string] => [outcome, outcome, outcome],
  ),
])('the outcome %s is, of the remediator, %s, of the hook %s', (outcome, healedAs, configuredAs) => {
  const entry = { ...healed, LIBVIRT_VLAN_OUTCOME: outcome };
  expect(parse(remediator(entry), hook(entry)).map(({ kind }) => kind)).toEqual([healedAs, configuredAs]);
});

test('an entry of the hook about no VM, or about nothing that is told, is no event', () => {
  expect(parse(hook({ PRIORITY: '3' }), hook({ LIBVIRT_VLAN_DOMAIN: 'a', PRIORITY: '6' }))).toEqual([]);
});

test('events stand in the order in which they happened, as far as their writer can be right', () => {
  const entry = (vnetName: string, wroteAt: number, at?: unknown) => ({
    ...remediator({ ...healed, LIBVIRT_VLAN_VNET: vnetName, LIBVIRT_VLAN_AT: at }),
    __REALTIME_TIMESTAMP: String(wroteAt * 1000),
  });
  const hour = 3_600_000;
  const events = parse(
    entry('late', 10 * hour, String(10 * hour - 3000)),
    entry('prompt', 10 * hour + 1, String(10 * hour - 5000)),
    entry('ahead', 10 * hour + 2, String(11 * hour)),
    entry('long ago', 10 * hour + 3, String(hour)),
    entry('no number', 10 * hour + 4, 'x'),
    entry('empty', 10 * hour + 5, ''),
    entry('at that moment', 10 * hour + 6, String(10 * hour + 6)),
    entry('just late', 10 * hour + 7, String(10 * hour + 7 - 600_000 + 1)),
    entry('too late', 10 * hour + 8, String(10 * hour + 8 - 600_000)),
  );
  expect(events.map(({ vnet: port, at }) => [port, at - 10 * hour])).toEqual([
    ['just late', -599_992],
    ['prompt', -5000],
    ['late', -3000],
    ['ahead', 2],
    ['long ago', 3],
    ['no number', 4],
    ['empty', 5],
    ['at that moment', 6],
    ['too late', 8],
  ]);
});

test('vnets of one entry that were healed at different times are told at these', () => {
  const at = (parse(remediator(healed))[0]?.at ?? 0) - 90_000;
  const decisions = [
    ['a', 'vnet0', '1*', '100*', at],
    ['b', 'vnet1', '1*', '100*', at + 60_000],
    ['forged', 'vnet2', '1*', '100*', at + 3600_000],
  ];
  const entry = remediator({ LIBVIRT_VLAN_OUTCOME: 'verified', LIBVIRT_VLAN_DECISIONS: JSON.stringify(decisions) });
  expect(parse(entry).map((event) => [event.domain, event.at - at])).toEqual([
    ['a', 0],
    ['b', 60_000],
    ['forged', 90_000],
  ]);
});

test('one entry that stands for many vnets is an event of each', () => {
  const decisions = [
    ['a', 'vnet0', '1*', '100*'],
    ['b; c', 'vnet1', 'none', '10'],
  ];
  const entry = remediator({
    LIBVIRT_VLAN_BRIDGE: 'br0',
    LIBVIRT_VLAN_OUTCOME: 'verified',
    LIBVIRT_VLAN_DECISIONS: JSON.stringify(decisions),
  });
  expect(parse(entry)).toMatchObject([
    { kind: 'healed', bridge: 'br0', domain: 'a', vnet: 'vnet0', before: '1*', after: '100*' },
    { kind: 'healed', bridge: 'br0', domain: 'b; c', vnet: 'vnet1', before: 'none', after: '10' },
  ]);
});

test('of one entry for many vnets each has its own reasons, but from an older version', () => {
  const decisions = [
    ['a', 'vnet0', '1*', '100*', 1, ['pvid_wrong']],
    ['b', 'vnet1', '1*', '100*', 1, [7, 'vlan_missing']],
    ['c', 'vnet2', '1*', '100*', 1, 'x'],
    ['d', 'vnet3', '1*', '100*'],
  ];
  const entry = remediator({ LIBVIRT_VLAN_OUTCOME: 'verified', LIBVIRT_VLAN_DECISIONS: JSON.stringify(decisions) });
  expect(parse(entry).map(({ reasons }) => reasons)).toEqual([['pvid_wrong'], ['vlan_missing'], [], []]);
});

test.each<[string, Fields]>([
  ['a hook’s by another user', hook({ ...healed, _UID: '1000' })],
  ['a hook’s of nobody known', hook({ ...healed, _UID: undefined })],
  ['a hook’s by the exporter’s user', hook({ ...healed, _UID: '61002' })],
  ['the remediator’s by another user', remediator({ ...healed, _SYSTEMD_UNIT: 'user@1000.service' })],
  [
    'the remediator’s by the exporter’s unit',
    remediator({ ...healed, _SYSTEMD_UNIT: 'libvirt-vlan-exporter.service' }),
  ],
  ['the remediator’s by the exporter’s user', remediator({ ...healed, _SYSTEMD_UNIT: undefined, _UID: '61002' })],
  [
    'the exporter’s without journald’s word',
    exporter({ ...vnet, _SYSTEMD_UNIT: undefined, UID: '0', _UID: undefined }),
  ],
  ['the exporter’s log', exporter({ ...vnet, MESSAGE_ID: undefined })],
  ['an outcome that JavaScript knows', remediator({ ...healed, LIBVIRT_VLAN_OUTCOME: 'constructor' })],
  ['root’s under another name', hook({ ...healed, SYSLOG_IDENTIFIER: 'sshd' })],
])('an entry is nobody’s: %s', (_, entry) => {
  expect(parse(entry)).toEqual([]);
});

test.each<[string, Fields]>([
  [
    'a daemon’s whose unit journald could not see any more',
    remediator({ ...healed, _SYSTEMD_UNIT: undefined, _UID: '61001' }),
  ],
  ['an operator’s heal', remediator({ ...healed, _SYSTEMD_UNIT: 'session-1.scope', _UID: '0' })],
  [
    'an exporter’s that root runs by hand',
    exporter({ ...vnet, LIBVIRT_VLAN_STATE: 'gone', _SYSTEMD_UNIT: undefined, _UID: '0' }),
  ],
])('an entry is trusted: %s', (_, entry) => {
  expect(parse(entry)).toHaveLength(1);
});

test('no line of a journal makes it throw', () => {
  const field = fc.oneof(fc.string(), fc.constant(null), fc.array(fc.nat(255)), fc.array(fc.string()), fc.object());
  const entry = fc.record(
    {
      MESSAGE: field,
      PRIORITY: field,
      _UID: fc.oneof(fc.constant('0'), field),
      SYSLOG_IDENTIFIER: fc.constantFrom('libvirt-hook', 'libvirt-vlan-remediator', 'libvirt-vlan-exporter'),
      MESSAGE_ID: fc.constantFrom(FINDING_MESSAGE_ID, FINDINGS_LEFT_OUT_MESSAGE_ID),
      LIBVIRT_VLAN_DOMAIN: field,
      LIBVIRT_VLAN_OUTCOME: fc.oneof(fc.constant('verified'), field),
      LIBVIRT_VLAN_DECISIONS: fc.oneof(fc.json(), field),
      LIBVIRT_VLAN_OPERATION: field,
      __REALTIME_TIMESTAMP: field,
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          entry.map((fields) => JSON.stringify(fields)),
          fc.string(),
        ),
      ),
      (lines) => {
        parseHistory(lines, UIDS);
      },
    ),
  );
});

test('which user a daemon runs as is learned from its log, of which journald knows the unit', async () => {
  const host = onPrograms(createSimHost({ now: () => 1_700_000_000_000 }));
  const append = (fields: Fields) => host.journal.append(fields as Readonly<Record<string, string>>);
  append({ _TRANSPORT: 'stdout', _SYSTEMD_UNIT: 'libvirt-vlan-remediator.service', _UID: '64001', MESSAGE: 'starts' });
  append({
    _TRANSPORT: 'stdout',
    _SYSTEMD_UNIT: 'user@1000.service',
    _UID: '1000',
    MESSAGE: 'libvirt-vlan-remediator',
  });
  for (const _UID of ['64001', '1000']) append({ SYSLOG_IDENTIFIER: 'libvirt-vlan-remediator', _UID, ...healed });
  const read = await readHistory(host, 0);
  expect(read).toMatchObject({ ok: true, value: { cut: false, events: [{ kind: 'healed', domain: 'a' }] } });
});

test('an exporter that logs a thousand lines does not hide who the remediator is', async () => {
  const host = onPrograms(createSimHost({ now: () => 1_700_000_000_000 }));
  const append = (fields: Fields) => host.journal.append(fields as Readonly<Record<string, string>>);
  const unit = (name: string) => ({ _TRANSPORT: 'stdout', _SYSTEMD_UNIT: `libvirt-vlan-${name}.service` });
  append({ ...unit('remediator'), _UID: '64001', MESSAGE: 'starts' });
  for (let i = 0; i < 1000; i++) append({ ...unit('exporter'), _UID: '64002', MESSAGE: `line ${i}` });
  append({ SYSLOG_IDENTIFIER: 'libvirt-vlan-remediator', _UID: '64001', ...healed });
  expect(await readHistory(host, 0)).toMatchObject({ ok: true, value: { events: [{ kind: 'healed', domain: 'a' }] } });
});

/** A host whose journal holds these, and gives of each the fields that are asked for, as journalctl does; and what was asked. */
function holding(...entries: readonly Fields[]) {
  const asked: JournalQuery[] = [];
  const lines = entries.map((entry) => JSON.stringify({ __REALTIME_TIMESTAMP: '1700000000000000', ...entry }));
  const read: Host['journal']['read'] = async (query) => {
    asked.push(query);
    const shown = ['__REALTIME_TIMESTAMP', ...query.fields];
    return { ok: true, value: lines.map((line) => JSON.stringify(JSON.parse(line), shown)) };
  };
  const host = createSimHost();
  return { asked, host: { ...host, journal: { ...host.journal, read } } };
}

test('all that an event tells is asked for', async () => {
  const told = {
    ...healed,
    LIBVIRT_VLAN_FINDING: ['pvid_wrong'],
    LIBVIRT_VLAN_EXPECTED: 'PVID 100',
    LIBVIRT_VLAN_ACTUAL: 'PVID 1',
    LIBVIRT_VLAN_PROBLEM: 'a\nproblem',
    MESSAGE: 'a\ntext',
  };
  const { host } = holding(
    remediator({ ...told, LIBVIRT_VLAN_TRIGGER: 'heal', LIBVIRT_VLAN_AT: '1699999999000' }),
    remediator({ LIBVIRT_VLAN_OUTCOME: 'verified', LIBVIRT_VLAN_DECISIONS: '[["b","vnet1","1*","100*"]]' }),
    exporter({ ...told, LIBVIRT_VLAN_OUTCOME: undefined, LIBVIRT_VLAN_STATE: 'gone' }),
    hook({ ...told, LIBVIRT_VLAN_OUTCOME: undefined, PRIORITY: '3', LIBVIRT_VLAN_OPERATION: 'start' }),
    hook({ ...told, LIBVIRT_VLAN_OPERATION: 'start', LIBVIRT_VLAN_RUN: '1' }),
    hook({ ...told, LIBVIRT_VLAN_OPERATION: 'start', LIBVIRT_VLAN_RUN: '1' }),
  );
  const read = await readHistory(host, 0);
  const all = {
    at: 1_700_000_000_000,
    domain: 'a',
    bridge: 'br0',
    vnet: 'vnet0',
    reasons: ['pvid_wrong'],
    expected: 'PVID 100',
    actual: 'PVID 1',
    before: '1*',
    after: '100*',
    problem: 'a problem',
    text: 'a text',
  };
  const start = { domain: 'a', bridge: undefined, vnet: undefined, before: undefined, after: undefined, reasons: [] };
  expect(read.ok && read.value.events).toEqual([
    { ...all, by: 'heal', kind: 'healed', at: 1_699_999_999_000 },
    expect.objectContaining({ by: 'remediator', kind: 'healed', domain: 'b', vnet: 'vnet1', text: '' }),
    { ...all, by: 'exporter', kind: 'cleared' },
    { ...all, ...start, by: 'hook', kind: 'started', text: '' },
    { ...all, by: 'hook', kind: 'error' },
    { ...all, by: 'hook', kind: 'configured' },
    { ...all, ...start, by: 'hook', kind: 'started', text: '' },
    { ...all, by: 'hook', kind: 'configured' },
  ]);
});

test("no entries but root's and the daemons' are asked for, since then", async () => {
  const { host, asked } = holding(
    remediator({ _UID: '64001' }),
    remediator({ _UID: '64002' }),
    exporter({ _UID: '64003' }),
  );
  await readHistory(host, 7_000);
  const by = (query?: JournalQuery) => query?.anyOf.map((terms) => terms.join(' ')).sort();
  const names = ['hook', 'vlan-exporter', 'vlan-remediator'].map((name) => `SYSLOG_IDENTIFIER=libvirt-${name}`);
  expect(asked).toHaveLength(3);
  expect(by(asked[2])).toEqual(
    [
      ...names.map((name) => `_UID=0 ${name}`),
      `_SYSTEMD_UNIT=libvirt-vlan-exporter.service ${names[1]}`,
      `_SYSTEMD_UNIT=libvirt-vlan-remediator.service ${names[2]}`,
      `_UID=64001 ${names[2]}`,
      `_UID=64002 ${names[2]}`,
      `_UID=64003 ${names[1]}`,
    ].sort(),
  );
  expect(asked[2]).toMatchObject({ since: 7_000, last: 50_000 });
});

test('a history that is as long as may be read is said to be cut', async () => {
  const { host } = holding(...Array.from({ length: 50_000 }, () => ({})));
  expect(await readHistory(host, 0)).toEqual({ ok: true, value: { events: [], cut: true } });
});

test.each([1, 2, 3])('where reading %d of the journal fails, that is the problem', async (failing) => {
  const { host } = holding();
  let readings = 0;
  const read: Host['journal']['read'] = async () =>
    ++readings === failing ? { ok: false, error: 'timed out' } : { ok: true, value: [] };
  expect(await readHistory({ ...host, journal: { ...host.journal, read } }, 0)).toEqual({
    ok: false,
    error: 'timed out',
  });
});

test('a journal that may not be read is a problem, and no empty history', async () => {
  const host = onPrograms(createSimHost());
  const stderr = 'Hint: You are currently not seeing messages from other users and the system.\n';
  host.sabotage((line) => line.startsWith('journalctl'), { exitCode: 0, stderr });
  expect(await readHistory(host, 0)).toEqual({
    ok: false,
    error: 'no permission to read the journal: the user must be in the group "systemd-journal" or "adm"',
  });
});
