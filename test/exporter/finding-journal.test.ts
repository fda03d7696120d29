// What the exporter writes of findings: pure, and on the simulated host's journal.
import { expect, test, vi } from 'vitest';
import { findingChanges, type KnownFindings } from '../../src/exporter/finding-changes.ts';
import { createFindingJournal, createLimit } from '../../src/exporter/finding-journal.ts';
import { createSimHost } from '../../src/host/sim/host.ts';
import { FINDING_MESSAGE_ID, type FindingEvent } from '../../src/model/finding-event.ts';
import type { JournalFields } from '../../src/model/journal.ts';
import type { Finding, Report, Unknown } from '../../src/model/report.ts';
import { bridge, report } from '../report/example.ts';
import { onPrograms } from '../support/on-programs.ts';
import { DRIFTED, eventually, exporterOn, GOOD } from './fixture.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {} };

function wrong(actual = 'PVID 1', vnet = 'vnet0'): Finding {
  return { reason: 'pvid_wrong', bridge: 'br0', domain: 'vyos-01', vnet, expected: 'PVID 100', actual };
}

function reportOf(findings: readonly Finding[], unknowns: readonly Unknown[] = []): Report {
  return { ...report(bridge({ name: 'br0', findings })), unknowns };
}

/** What is told of these reports, one after the other, as "state actual". */
function told(...reports: readonly Report[]): readonly string[] {
  let known: KnownFindings | undefined;
  return reports.flatMap((next) => {
    const changes = findingChanges(known, next);
    known = changes.known;
    return changes.events.map(({ state, finding }) => `${state} ${finding.actual}`);
  });
}

test('a finding is told when it appears, when it is another, and when it is gone, and not in between', () => {
  const [one, other] = [reportOf([wrong()]), reportOf([wrong('PVID 20')])];
  expect(told(reportOf([]), one, one, other, other, reportOf([]), reportOf([]))).toEqual([
    'appeared PVID 1',
    'changed PVID 20',
    'gone PVID 20',
  ]);
});

test('what is there at the first audit was found, and not seen to appear', () => {
  const reports = [reportOf([wrong()]), reportOf([wrong(), wrong('PVID 2', 'vnet1')])];
  expect(told(...reports)).toEqual(['found PVID 1', 'appeared PVID 2']);
});

test('where the first audit cannot read the host, what the next one sees was there', () => {
  const blind = reportOf([], [{ kind: 'vlans', name: undefined, problem: '' }]);
  expect(told(blind, blind, reportOf([wrong()]))).toEqual(['found PVID 1']);
});

test.each<[string, Unknown]>([
  ['the VLAN tables', { kind: 'vlans', name: undefined, problem: '' }],
  ['the domain', { kind: 'domain', name: 'vyos-01', problem: '' }],
  ['the bridge', { kind: 'bridge', name: 'br0', problem: '' }],
  ['the taps of the bridge', { kind: 'taps', name: 'br0', problem: '' }],
])('what cannot be told because %s is unknown is not gone', (_, unknown) => {
  const blind = reportOf([], [unknown]);
  expect(told(reportOf([wrong()]), blind, blind, reportOf([wrong()]))).toEqual(['found PVID 1']);
  expect(told(reportOf([wrong()]), blind, reportOf([]))).toEqual(['found PVID 1', 'gone PVID 1']);
});

test('on a bridge that is not there nothing is any more', () => {
  const gone = {
    ...report(bridge({ name: 'br0', present: false })),
    unknowns: [{ kind: 'bridge' as const, name: 'br0', problem: 'no such bridge' }],
  };
  expect(told(reportOf([wrong()]), gone)).toEqual(['found PVID 1', 'gone PVID 1']);
});

test('an FDB that could not be read leaves its findings, and no others', () => {
  const missing: Finding = { ...wrong('none in 20'), reason: 'fdb_missing' };
  const blind = reportOf([], [{ kind: 'fdb', name: undefined, problem: '' }]);
  expect(told(reportOf([missing, wrong()]), blind)).toEqual(['found none in 20', 'found PVID 1', 'gone PVID 1']);
});

test('what is unknown of another domain or bridge keeps nothing from being told', () => {
  const elsewhere: readonly Unknown[] = [
    { kind: 'domain', name: 'web', problem: '' },
    { kind: 'bridge', name: 'br1', problem: '' },
    // Called as the bridge, or as the domain.
    { kind: 'domain', name: 'br0', problem: '' },
    { kind: 'taps', name: 'vyos-01', problem: '' },
  ];
  expect(told(reportOf([wrong()]), reportOf([], elsewhere))).toEqual(['found PVID 1', 'gone PVID 1']);
});

test('in a storm so many entries are written a minute, one says so, and the next minute begins with what was left out', () => {
  const limit = createLimit(2, 2);
  const events = (count: number, state: FindingEvent['state'] = 'appeared') =>
    Array.from({ length: count }, (_, i): FindingEvent => ({ at: 0, state, finding: wrong('PVID 1', `vnet${i}`) }));
  const texts = (...call: Parameters<typeof limit>) => limit(...call).map(({ MESSAGE }) => MESSAGE);
  expect(texts(events(5), 0)).toEqual([
    'vyos-01: vnet0 on br0: pvid_wrong: expected PVID 100; actual PVID 1',
    'vyos-01: vnet1 on br0: pvid_wrong: expected PVID 100; actual PVID 1',
    'findings: more than 2 in a minute, the rest is counted',
  ]);
  expect(texts(events(4, 'gone'), 30_000)).toEqual([]);
  expect(texts([], 59_999)).toEqual([]);
  expect(texts(events(1), 60_000)).toEqual([
    'findings: not written one by one: br0: pvid_wrong appeared 3, br0: pvid_wrong gone 4; of vyos-01 7',
    'vyos-01: vnet0 on br0: pvid_wrong: expected PVID 100; actual PVID 1',
  ]);
  expect(texts([], 120_000)).toEqual([]);
});

/** So many times the same finding, as it appears. */
function appeared(count: number, finding: Partial<Finding>): readonly FindingEvent[] {
  return Array.from({ length: count }, () => ({ at: 0, state: 'appeared', finding: { ...wrong(), ...finding } }));
}

const leak = { reason: 'vlan_unexpected' } as const;

/** Each entry of a finding as `domain: reason`, any other by its text. */
function written(entries: readonly JournalFields[]): readonly string[] {
  return entries.map((entry) =>
    entry.MESSAGE_ID === FINDING_MESSAGE_ID
      ? `${entry.LIBVIRT_VLAN_DOMAIN ?? 'none'}: ${entry.LIBVIRT_VLAN_FINDING}`
      : (entry.MESSAGE ?? ''),
  );
}

test('a domain whose findings come and go has its share of the entries, and leaves the others theirs', () => {
  const limit = createLimit(4, 2);
  expect(written(limit(appeared(3, { domain: 'flaps' }), 0))).toEqual([
    'flaps: pvid_wrong',
    'flaps: pvid_wrong',
    'findings: more than 2 in a minute of one domain, the rest is counted',
  ]);
  expect(written(limit(appeared(1, { domain: 'flaps' }), 1000))).toEqual([]);
  expect(written(limit(appeared(1, { domain: 'other' }), 2000))).toEqual(['other: pvid_wrong']);
  expect(written(limit([...appeared(9, { domain: 'flaps' }), ...appeared(2, { domain: 'third' })], 3000))).toEqual([
    'third: pvid_wrong',
    'findings: more than 4 in a minute, the rest is counted',
  ]);
  expect(written(limit(appeared(2, { domain: 'flaps' }), 60_000))).toEqual([
    'findings: not written one by one: br0: pvid_wrong appeared 12; of flaps 11, third 1',
    'flaps: pvid_wrong',
    'flaps: pvid_wrong',
  ]);
});

test('each domain that is over its share is named, once a minute', () => {
  const limit = createLimit(9, 2);
  const named = (...call: Parameters<typeof limit>) =>
    limit(...call).flatMap((entry) => (entry.MESSAGE_ID === FINDING_MESSAGE_ID ? [] : [entry.LIBVIRT_VLAN_DOMAIN]));
  const both = [...appeared(3, { domain: 'flaps' }), ...appeared(4, { domain: 'web' })];
  expect(named(both, 0)).toEqual(['flaps', 'web']);
  expect(named(both, 1000)).toEqual([]);
  expect(named(both, 60_000)).toEqual([undefined, 'flaps', 'web']);
});

test('of many domains the count names those with most', () => {
  const limit = createLimit(1, 1);
  limit(appeared(1, {}), 0);
  limit(Array.from({ length: 8 }, (_, i) => appeared(i + 1, { domain: `vm-${i}` })).flat(), 1000);
  limit(appeared(2, { domain: undefined }), 1000);
  expect(written(limit([], 60_000))).toEqual([
    'findings: not written one by one: br0: pvid_wrong appeared 38; of vm-7 8, vm-6 7, vm-5 6, vm-4 5, vm-3 4 and 3 more',
  ]);
});

test('as many domains as a count names are all named', () => {
  const limit = createLimit(0, 0);
  limit(Array.from({ length: 5 }, (_, i) => appeared(1, { domain: `vm-${i}` })).flat(), 0);
  expect(written(limit([], 60_000))).toEqual([
    'findings: not written one by one: br0: pvid_wrong appeared 5; of vm-0 1, vm-1 1, vm-2 1, vm-3 1, vm-4 1',
  ]);
});

test('findings of no domain have one share together', () => {
  const limit = createLimit(4, 2);
  const uplinks = appeared(3, { reason: 'uplink_vlan_missing', domain: undefined });
  expect(written(limit([...uplinks, ...appeared(1, {})], 0))).toEqual([
    'vyos-01: pvid_wrong',
    'none: uplink_vlan_missing',
    'none: uplink_vlan_missing',
    'findings: more than 2 in a minute of one domain, the rest is counted',
  ]);
});

test('what is critical is written first', () => {
  const limit = createLimit(4, 2);
  const events = [...appeared(4, leak), ...appeared(1, {}), ...appeared(2, { ...leak, domain: 'other' })];
  expect(written(limit([...events, ...appeared(1, { domain: 'third' })], 0))).toEqual([
    'vyos-01: pvid_wrong',
    'third: pvid_wrong',
    'vyos-01: vlan_unexpected',
    'other: vlan_unexpected',
    'findings: more than 2 in a minute of one domain, the rest is counted',
    'findings: more than 4 in a minute, the rest is counted',
  ]);
});

test('of one domain twelve entries are written a minute, of all together sixty', async () => {
  const host = onPrograms(createSimHost());
  const journal = createFindingJournal(host, silent, () => 0);
  const many = (count: number, domain: (i: number) => string) =>
    Array.from({ length: count }, (_, i) => ({ ...wrong('PVID 1', `vnet${i}`), domain: domain(i) }));
  journal.update(reportOf([...many(13, () => 'flaps'), ...many(49, (i) => `vm-${i}`)]));
  await journal.written();
  const of = host.journal.entries.map((entry) => entry.LIBVIRT_VLAN_DOMAIN);
  expect(of.slice(0, 12)).toEqual(Array(12).fill('flaps'));
  expect(of.slice(12, 60)).toEqual(Array.from({ length: 48 }, (_, i) => `vm-${i}`));
  expect(host.journal.entries.slice(60).map(({ MESSAGE }) => MESSAGE)).toEqual([
    'findings: more than 12 in a minute of one domain, the rest is counted',
    'findings: more than 60 in a minute, the rest is counted',
  ]);
});

test('an entry is a warning when a finding is there, and information when it is gone; without a domain it names the bridge', () => {
  const limit = createLimit(9, 9);
  const uplink = { ...wrong(), domain: undefined, vnet: undefined };
  const entry = (state: FindingEvent['state'], finding: Finding) => {
    const [{ MESSAGE, PRIORITY } = {}] = limit([{ at: 0, state, finding }], 0);
    return `${PRIORITY} ${MESSAGE}`;
  };
  expect(entry('appeared', wrong())).toBe('4 vyos-01: vnet0 on br0: pvid_wrong: expected PVID 100; actual PVID 1');
  expect(entry('gone', wrong())).toBe('6 vyos-01: vnet0 on br0: pvid_wrong is gone');
  expect(entry('gone', uplink)).toBe('6 br0: pvid_wrong is gone');
});

test('an entry has the finding in fields, by which it is found', async () => {
  const host = onPrograms(createSimHost());
  const journal = createFindingJournal(host, silent, () => 0);
  journal.update(reportOf([{ ...wrong(), domain: 'a\nPRIORITY=0' }]));
  await journal.written();
  expect(host.journal.entries).toMatchObject([
    {
      MESSAGE_ID: FINDING_MESSAGE_ID,
      SYSLOG_IDENTIFIER: 'libvirt-vlan-exporter',
      PRIORITY: '4',
      LIBVIRT_VLAN_DOMAIN: 'a\\x0aPRIORITY=0',
      LIBVIRT_VLAN_BRIDGE: 'br0',
      LIBVIRT_VLAN_VNET: 'vnet0',
      LIBVIRT_VLAN_FINDING: 'pvid_wrong',
      LIBVIRT_VLAN_STATE: 'found',
      LIBVIRT_VLAN_EXPECTED: 'PVID 100',
      LIBVIRT_VLAN_ACTUAL: 'PVID 1',
    },
  ]);
});

test('a journal that cannot be written is told once, and again after it could', async () => {
  const host = onPrograms(createSimHost());
  const warn = vi.fn();
  const journal = createFindingJournal(host, { ...silent, warn }, () => 0);
  const change = async (...findings: readonly Finding[]) => {
    journal.update(reportOf(findings));
    await journal.written();
  };
  host.sabotage((line) => line.startsWith('logger'), 'missing');
  await change(wrong());
  await change();
  expect(warn).toHaveBeenCalledTimes(1);
  host.repair();
  await change(wrong());
  host.sabotage((line) => line.startsWith('logger'), 'missing');
  await change();
  expect(warn).toHaveBeenCalledTimes(2);
});

test('the exporter writes what its audits find', async () => {
  const { host, exporter } = exporterOn();
  await exporter.idle();
  const states = () =>
    host.journal.entries
      .filter((entry) => entry.LIBVIRT_VLAN_FINDING === 'pvid_wrong')
      .map((entry) => entry.LIBVIRT_VLAN_STATE);
  host.setTable('vnet0', DRIFTED);
  await eventually(() => expect(states()).toEqual(['appeared']));
  host.setTable('vnet0', GOOD);
  await eventually(() => expect(states()).toEqual(['appeared', 'gone']));
});
