import fc from 'fast-check';
import { expect, test } from 'vitest';
import { allIdentifiers, EVENT_FIELDS, journalTerms, parseHookEvent } from '../../../src/host/linux/journal-event.ts';

const IDS = ['libvirt-hook'];
const base = { __CURSOR: 's=1;i=1', __REALTIME_TIMESTAMP: '1795557630514470', PRIORITY: '5', _UID: '0', _PID: '760' };
/** As journalctl prints it: of its fields those that are asked for. */
const parseLine = (fields: object) =>
  parseHookEvent(JSON.stringify({ ...base, ...fields }, ['__CURSOR', '__REALTIME_TIMESTAMP', ...EVENT_FIELDS]), IDS);
const parse = (fields: object) => {
  const event = parseLine(fields);
  return event?.kind === 'suppressed' ? undefined : event;
};

test('the original up to systemd 259: the name is in SYSLOG_PID, ERROR is a prefix of the text', () => {
  expect(parse({ SYSLOG_IDENTIFIER: 'libvirt-hook', SYSLOG_PID: 'vyos-01', MESSAGE: 'ERROR: vnet3: failed' })).toEqual({
    kind: 'hook',
    cursor: 's=1;i=1',
    at: 1795557630514,
    domain: 'vyos-01',
    severity: 'error',
    run: false,
    text: 'ERROR: vnet3: failed',
  });
});

test('the original on newer systemd: the name is in _CMDLINE, with or without quotes', () => {
  const entry = { SYSLOG_IDENTIFIER: 'libvirt-hook', MESSAGE: 'WARN: x' };
  expect(parse({ ...entry, _CMDLINE: 'logger -t libvirt-hook[web.1] WARN: x' })?.domain).toBe('web.1');
  expect(parse({ ...entry, _CMDLINE: 'logger -t "libvirt-hook[a]b]" "WARN: x"' })?.domain).toBe('a]b');
  expect(parse({ ...entry, _CMDLINE: "logger -t 'libvirt-hook[my vm]' 'WARN: x'" })).toMatchObject({
    domain: 'my vm',
    severity: 'warning',
  });
});

test('an identifier that a space cost is found in the text', () => {
  expect(parse({ _COMM: 'logger', MESSAGE: 'libvirt-hook[my vm]: ERROR: two' })).toMatchObject({
    domain: 'my vm',
    severity: 'error',
    text: 'ERROR: two',
  });
});

test('an identifier in brackets names the domain, also where it is one of several', () => {
  expect(parse({ SYSLOG_IDENTIFIER: 'libvirt-hook[sc]', MESSAGE: 'hello' })).toMatchObject({ domain: 'sc' });
  expect(parse({ SYSLOG_IDENTIFIER: ['libvirt-hook', 'libvirt-hook[a]'], MESSAGE: 'x' })?.domain).toBe('a');
});

test('a process id in SYSLOG_PID is no name, a VM called 123 is one', () => {
  const entry = { SYSLOG_IDENTIFIER: 'libvirt-hook', MESSAGE: 'WARN: x' };
  expect(parse({ ...entry, SYSLOG_PID: '760' })?.domain).toBe('');
  expect(parse({ ...entry, SYSLOG_PID: '123' })?.domain).toBe('123');
});

test('one line of the original stands for a run', () => {
  const entry = { SYSLOG_IDENTIFIER: 'libvirt-hook', SYSLOG_PID: 'a' };
  expect(parse({ ...entry, MESSAGE: 'started — waiting for vnets on br-mgmt' })?.run).toBe(true);
  expect(parse({ ...entry, MESSAGE: 'Waiting for vnets... attempt 1/15' })?.run).toBe(false);
});

test('ours: domain and run are fields, the priority tells the severity and not the text', () => {
  const ours = {
    SYSLOG_IDENTIFIER: ['libvirt-hook', 'libvirt-hook[a]'],
    LIBVIRT_VLAN_DOMAIN: 'a',
    LIBVIRT_VLAN_RUN: '1',
  };
  expect(parse({ ...ours, PRIORITY: '3', MESSAGE: 'no tap' })).toMatchObject({ severity: 'error', run: true });
  expect(parse({ ...ours, PRIORITY: '6', MESSAGE: 'ERROR is a word' })).toMatchObject({ severity: 'info' });
});

test("libvirt's own complaint is an error of the domain whose hook could not run", () => {
  const failed = (call: string) =>
    `Hook script execution failed: internal error: Child process (LC_ALL=C PATH=/bin USER=root ${call}) unexpected exit status 126`;
  // As libvirt 9 writes it, without an identifier; _COMM is journald's own word.
  const from = (call: string, _COMM = 'libvirtd') =>
    parse({ _COMM, LIBVIRT_SOURCE: 'util.error', PRIORITY: '3', MESSAGE: `${failed(call)}\n` });
  expect(from('/etc/libvirt/hooks/qemu vyos-01 start begin -')).toMatchObject({ domain: 'vyos-01', severity: 'error' });
  expect(from("/etc/libvirt/hooks/qemu.d/50-x 'my vm' started begin -", 'virtqemud')?.domain).toBe('my vm');
  expect(from('/etc/libvirt/hooks/network default start begin -')).toBeUndefined();
  expect(from('/etc/libvirt/hooks/qemu a start begin -', 'sshd')).toBeUndefined();
  expect(parse({ _COMM: 'libvirtd', MESSAGE: 'End of file while reading data' })).toBeUndefined();
  expect(
    parse({
      _COMM: 'libvirtd',
      _EXE: '/usr/bin/python3.11',
      MESSAGE: failed('/etc/libvirt/hooks/qemu a start begin -'),
    }),
  ).toBeUndefined();
  const forged = {
    _COMM: 'logger',
    SYSLOG_IDENTIFIER: 'libvirtd',
    MESSAGE: failed('/etc/libvirt/hooks/qemu a start begin -'),
  };
  expect(parse(forged)).toBeUndefined();
});

// Whoever may ask libvirt anything makes it log an error that quotes him, and a VM's owner gives it its name.
test("what libvirt only quotes is no complaint of its own, and a VM's name no other VM's call", () => {
  const from = (MESSAGE: string) => parse({ _COMM: 'libvirtd', LIBVIRT_SOURCE: 'util.error', PRIORITY: '3', MESSAGE });
  const said =
    'Hook script execution failed: internal error: Child process (PATH=/bin /etc/libvirt/hooks/qemu web start begin -)';
  expect(from(`${said} unexpected exit status 1`)?.domain).toBe('web');
  expect(from(`invalid argument: unknown architecture: ${said}`)).toBeUndefined();
  expect(from(`invalid argument: no\n${said}`)).toBeUndefined();
  expect(from('Hook script execution failed /hooks/qemu web start begin -')).toBeUndefined();
  // As it goes to syslog and to stderr.
  for (const prefix of [
    '4711: error : virHookCall:387 : ',
    '2026-11-29 18:55:01.123+0000: 4711: error : virHookCall:387 : ',
  ])
    expect(from(`${prefix}${said} unexpected exit status 1`)).toMatchObject({ domain: 'web', severity: 'error' });
  const failed = (call: string, why = 'unexpected exit status 1') =>
    from(`Hook script execution failed: internal error: Child process (LC_ALL=C HOME='/a b' USER= ${call}) ${why}`);
  // What the hook itself said stands behind.
  expect(failed('/etc/libvirt/hooks/qemu a start begin -', 'x: /hooks/qemu web start begin -)')?.domain).toBe('a');
  expect(failed('/etc/libvirt/hooks/network a start begin -', 'x: /hooks/qemu web start begin -)')).toBeUndefined();
  expect(failed('/etc/libvirt/hooks/network /hooks/qemu web start begin -')).toBeUndefined();
  // A name is quoted as a shell takes it.
  expect(failed("/etc/libvirt/hooks/qemu 'a /hooks/qemu web start begin -) x' start begin -")?.domain).toBe(
    'a /hooks/qemu web start begin -) x',
  );
  expect(failed("/etc/libvirt/hooks/qemu 'it'\\''s start begin -' release end shutdown")?.domain).toBe(
    "it's start begin -",
  );
  expect(failed("'/etc/libvirt/hooks/qemu.d/my hook' a start begin -")?.domain).toBe('a');
  // libvirt cuts its messages off behind 1024 bytes.
  expect(from(said.slice(0, -' start begin -)'.length))).toMatchObject({ domain: '', severity: 'error' });
});

test('bytes, nulls, lists and many lines are understood', () => {
  const entry = { SYSLOG_IDENTIFIER: 'libvirt-hook', SYSLOG_PID: 'a' };
  expect(parse({ ...entry, MESSAGE: [...Buffer.from('ERROR: caf'), 0xe9] })).toMatchObject({
    severity: 'error',
    text: 'ERROR: caf\ufffd',
  });
  expect(parse({ ...entry, MESSAGE: null })).toMatchObject({ domain: 'a', severity: 'info', text: '' });
  expect(parse({ ...entry, MESSAGE: ['ERROR: one', [0x74, 0x77, 0x6f]] })?.text).toBe('ERROR: one two');
  expect(parse({ ...entry, MESSAGE: `ERROR: a\nb\t${'x'.repeat(100_000)}` })?.text).toMatch(/^ERROR: a b x{488}…$/);
});

test("entries of others are not the hook's", () => {
  expect(parse({ SYSLOG_IDENTIFIER: 'libvirt-hooks', MESSAGE: 'ERROR: x' })).toBeUndefined();
  expect(parse({ SYSLOG_IDENTIFIER: 'sshd', MESSAGE: 'libvirt-hook[a]: ERROR: x' })).toBeUndefined();
  expect(parse({ MESSAGE: 'ERROR: x' })).toBeUndefined();
  expect(parse({ LIBVIRT_VLAN_DOMAIN: 'a', SYSLOG_IDENTIFIER: 'libvirt-vlan-remediator' })).toBeUndefined();
});

test("what another user wrote is nobody's, whatever its other fields say", () => {
  const theirs = {
    SYSLOG_IDENTIFIER: 'libvirt-hook',
    LIBVIRT_VLAN_DOMAIN: 'web',
    PRIORITY: '3',
    MESSAGE: 'ERROR: forged',
  };
  expect(parse(theirs)).toBeDefined();
  for (const _UID of ['65534', '1000', '00', '', undefined]) {
    expect(parse({ ...theirs, _UID })).toBeUndefined();
    expect(parse({ SYSLOG_IDENTIFIER: 'libvirt-hook', SYSLOG_PID: 'db', MESSAGE: 'ERROR: x', _UID })).toBeUndefined();
    expect(parse({ _COMM: 'logger', MESSAGE: 'libvirt-hook[db]: ERROR: x', _UID })).toBeUndefined();
    const complaint = 'Hook script execution failed: Child process (/etc/libvirt/hooks/qemu web start begin -)';
    expect(parse({ _COMM: 'libvirtd', MESSAGE: complaint, _UID })).toBeUndefined();
  }
});

test("text that begins like a hook's is one only from logger: other programs log what strangers say", () => {
  expect(parse({ _COMM: 'sshd', MESSAGE: 'libvirt-hook[db]: ERROR: x' })).toBeUndefined();
});

test("entries of libvirt's units that journald suppressed are counted; nobody else can say so", () => {
  const said = {
    _TRANSPORT: 'driver',
    MESSAGE_ID: 'a596d6fe7bfa4994828e72309e95d61e',
    MESSAGE: 'Suppressed 120 messages from libvirtd.service',
  };
  expect(parseLine({ ...said, N_DROPPED: '120' })).toEqual({ kind: 'suppressed', cursor: 's=1;i=1', entries: 120 });
  expect(parseLine(said)).toMatchObject({ entries: 120 });
  expect(parseLine({ ...said, N_DROPPED: '130' })).toMatchObject({ entries: 130 });
  expect(parseLine({ ...said, N_DROPPED: 'many' })).toBeUndefined();
  expect(parseLine({ ...said, MESSAGE_ID: 'x' })).toBeUndefined();
  expect(parseLine({ ...said, MESSAGE: 'Suppressed 9 messages from cron.service' })).toBeUndefined();
  expect(parseLine({ ...said, _TRANSPORT: 'journal' })).toBeUndefined();
});

test("our own hook's identifier is always one of them, and the terms do not grow with what others write", () => {
  expect(allIdentifiers(['site-hook'])).toEqual(['site-hook', 'libvirt-hook']);
  expect(allIdentifiers(['libvirt-hook'])).toEqual(['libvirt-hook']);
  const terms = journalTerms(['site-hook', 'libvirt-hook']);
  expect(terms.map((alternative) => alternative.join(' '))).toEqual([
    '_UID=0 SYSLOG_IDENTIFIER=site-hook',
    '_UID=0 SYSLOG_IDENTIFIER=libvirt-hook',
    '_UID=0 _COMM=logger',
    '_UID=0 _COMM=libvirtd',
    '_UID=0 _COMM=virtqemud',
    '_UID=0 _SYSTEMD_UNIT=libvirtd.service',
    '_UID=0 _SYSTEMD_UNIT=virtqemud.service',
    '_TRANSPORT=driver MESSAGE_ID=a596d6fe7bfa4994828e72309e95d61e',
  ]);
  expect(terms.filter((alternative) => alternative.includes('_UID=0')).length).toBe(terms.length - 1);
  expect(terms.flat().length + terms.length - 1).toBeLessThan(30);
});

// Each survived as a mutant.
test('priority 4 is a warning of ours', () => {
  const ours = { SYSLOG_IDENTIFIER: ['libvirt-hook', 'libvirt-hook[a]'], LIBVIRT_VLAN_DOMAIN: 'a', MESSAGE: 'x' };
  expect(parse({ ...ours, PRIORITY: '4' })).toMatchObject({ severity: 'warning' });
});
test("what libvirtd says of other things is not the hook's", () => {
  expect(parse({ _COMM: 'libvirtd', MESSAGE: 'internal error: child [1234]: ERROR: broken pipe' })).toBeUndefined();
});
test("another's identifier in brackets is not the hook's", () => {
  expect(parse({ SYSLOG_IDENTIFIER: 'nightly-backup[db]', MESSAGE: 'ERROR: x' })).toBeUndefined();
});

test('whatever a line is, it is an event or nothing, and never throws', () => {
  const field = fc.oneof(fc.string(), fc.constant(null), fc.array(fc.integer()), fc.array(fc.string()), fc.object());
  const names = [
    'MESSAGE',
    'PRIORITY',
    'SYSLOG_IDENTIFIER',
    'SYSLOG_PID',
    '_CMDLINE',
    '__REALTIME_TIMESTAMP',
    '__CURSOR',
    '_UID',
    '_TRANSPORT',
    'MESSAGE_ID',
  ];
  const entry = fc.dictionary(fc.constantFrom(...names), field);
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        entry.map((e) => JSON.stringify(e)),
      ),
      (line) => {
        const event = parseHookEvent(line, IDS);
        if (event?.kind === 'hook') expect(event.text.length).toBeLessThanOrEqual(500);
      },
    ),
  );
});
