// What is said of domains that somebody names; where a snapshot comes from; how output ends.
import { expect, onTestFinished, test, vi } from 'vitest';
import { notes, unknownNames } from '../../src/cli/named.ts';
import { print, showsColour } from '../../src/cli/output.ts';
import { readSnapshotFile } from '../../src/cli/snapshot-file.ts';
import type { Domain, Port, Snapshot } from '../../src/model/snapshot.ts';
import { renderSnapshot } from '../../src/report/snapshot-json.ts';
import { bridge, report } from '../report/example.ts';
import { bridgePolicy, policy } from '../support/policy.ts';

const iface = (more: Partial<Domain['interfaces'][number]>) => ({
  mac: '52:54:00:00:00:01',
  target: 'vnet0',
  bridge: undefined,
  skipped: undefined,
  ...more,
});
const domain = (name: string, more: Partial<Domain> = {}): Domain => ({
  name,
  uuid: undefined,
  state: 'running',
  interfaces: [iface({ bridge: 'br0' })],
  ...more,
});
const snapshot = (...domains: readonly Domain[]): Snapshot => ({
  takenAt: 1,
  links: { ok: true, value: [] },
  vlans: { ok: true, value: new Map() },
  domains: { ok: true, value: domains },
  collectors: [],
});
const unread: Snapshot = { ...snapshot(), domains: { ok: false, error: 'EACCES' } };

test('names that the host does not have are told; where its domains cannot be read, only that', () => {
  expect(unknownNames(snapshot(domain('a')), ['a', 'b', 'c'])).toEqual([
    'there is no domain b',
    'there is no domain c',
  ]);
  expect(unknownNames(unread, ['a'])).toEqual(['the domains could not be read: EACCES']);
  expect(unknownNames(unread, [])).toEqual([]);
});

test('a named domain of which nothing is expected has a note that says why', () => {
  const on = report(bridge({ name: 'br0', expectedVnets: new Map([['here', 1]]) }));
  const wants = policy(bridgePolicy({ name: 'br0' }), bridgePolicy({ name: 'br1' }));
  const said = (...domains: readonly Domain[]) =>
    notes(
      snapshot(...domains),
      wants,
      on,
      domains.map(({ name }) => name),
    ).map(({ text }) => text);
  expect(said(domain('here'), domain('torn', { state: 'unknown' }))).toEqual([]);
  expect(said(domain('off', { state: 'defined' }))).toEqual(['off does not run: nothing is expected of it.']);
  expect(said(domain('bare', { interfaces: [] }))).toEqual(['bare has no interface on br0, br1.']);
  const interfaces = [iface({ bridge: 'br9' }), iface({ bridge: 'br9' }), iface({ skipped: 'user' }), iface({})];
  expect(said(domain('else', { interfaces }))).toEqual([
    'else has no interface on br0, br1, only: br9, user, unknown.',
  ]);
  expect(notes(snapshot(domain('else')), wants, on, [])).toEqual([]);
  expect(notes(unread, wants, on, ['else'])).toEqual([]);
});

test('what could not be read is no fact: of which bridges there are, and where an interface is', () => {
  const wants = policy(bridgePolicy({ name: 'br0' }));
  const port = { name: 'tap0', mac: undefined, tap: true };
  const links: Snapshot['links'] = {
    ok: true,
    value: [{ name: 'br0', vlanFiltering: true, defaultPvid: 1, ports: [port] }],
  };
  const on = report(bridge({ name: 'br0' }));
  const said = (change: Parameters<typeof iface>[0], more: Partial<Snapshot> = { links }, them = wants) =>
    notes({ ...snapshot(domain('web', { interfaces: [iface(change)] })), ...more }, them, on, ['web']).map(
      ({ text }) => text,
    );
  const unsure = ['It is not known whether web has a port on br0.'];
  const ethernet = { skipped: 'ethernet', ethernet: { managed: true } };
  expect(said({ bridge: 'br0' }, { links: { ok: false, error: 'EPERM' } })).toEqual([]);
  expect(said({ bridge: 'br0' }, { links }, policy())).toEqual([]);
  expect(said({ bridge: 'br0' })).toEqual(unsure);
  expect(said({ ...ethernet, target: 'tap0' })).toEqual(unsure);
  expect(said({ ...ethernet, target: undefined })).toEqual(unsure);
  expect(said({ skipped: 'network without a bridge', network: 'lan' })).toEqual(unsure);
  expect(said({ skipped: 'no valid <mac address>', mac: '' })).toEqual(unsure);
  expect(said({ ...ethernet, target: 'tap9' })).toEqual(['web has no interface on br0, only: ethernet.']);
  expect(said({ skipped: 'macvtap', network: 'lan' })).toEqual(['web has no interface on br0, only: macvtap.']);
  const stopped: Snapshot['domains'] = { ok: true, value: [domain('web', { state: 'defined' })] };
  expect(said({}, { links: { ok: false, error: 'EPERM' }, domains: stopped })).toEqual([]);
});

test('a note says for itself whether it is one of doubt', () => {
  const on = {
    name: 'br0',
    vlanFiltering: true,
    defaultPvid: 1,
    ports: [{ name: 'vnet0', mac: undefined, tap: true }],
  };
  const unsure = (of: Domain) =>
    notes(
      { ...snapshot(of), links: { ok: true, value: [on] } },
      policy(bridgePolicy()),
      report(bridge({ name: 'br0' })),
      ['web'],
    ).map((note) => note.unsure);
  expect(unsure(domain('web'))).toEqual([true]);
  expect(unsure(domain('web', { interfaces: [] }))).toEqual([false]);
  expect(unsure(domain('web', { state: 'defined' }))).toEqual([true]);
  expect(unsure(domain('web', { state: 'defined', died: true }))).toEqual([false]);
});

test('where no live XML can be read and there are taps, it is not known what runs, and why', () => {
  const off = domain('off', { state: 'defined' });
  const said = (change: Partial<Port> = {}, ...others: readonly Domain[]) => {
    const ports = [{ name: 'vnet0', mac: undefined, tap: true, ...change }];
    const on = { name: 'br0', vlanFiltering: true, defaultPvid: 1, ports };
    const links = {
      ok: true as const,
      value: [on, { ...on, name: 'br9', ports: [{ name: 'tap9', mac: undefined, tap: true }] }],
    };
    const wants = policy(bridgePolicy({ uplinks: ['tap0'] }));
    return notes({ ...snapshot(off, ...others), links }, wants, report(bridge({ name: 'br0' })), ['off']).map(
      ({ text }) => text,
    );
  };
  const stopped = ['off does not run: nothing is expected of it.'];
  expect(said()).toEqual(['It is not known whether off runs: no domain has live XML.']);
  const unread = domain('torn', { state: 'unknown' });
  expect(said({}, unread)).toEqual(['It is not known whether off runs: there is live XML that cannot be read.']);
  expect(said({}, { ...unread, stopped: true })).toEqual(['It is not known whether off runs: no domain has live XML.']);
  expect(said({}, unread, domain('on'))).toEqual(stopped);
  expect(said({}, domain('on'))).toEqual(stopped);
  expect(said({ tap: false })).toEqual(stopped);
  expect(said({ name: 'tap0' })).toEqual(stopped);
});

test('a snapshot file is a regular one of at most 64 MiB; else it is named with what is wrong', async () => {
  const stat = (more: { size?: number; isFile?: boolean }) => ({ ino: 1, mtimeMs: 1, size: 9, isFile: true, ...more });
  const read = (of: ReturnType<typeof stat> | undefined | Error) =>
    readSnapshotFile(
      {
        stat: () => {
          if (of instanceof Error) throw of;
          return of;
        },
        readText: () => renderSnapshot(snapshot(domain('a'))),
      },
      '/f',
    );
  const most = 64 * 1024 * 1024;
  expect((await read(stat({ size: most }))).domains).toMatchObject({ value: [{ name: 'a' }] });
  await expect(read(stat({ size: most + 1 }))).rejects.toThrow('/f: larger than 64 MiB');
  await expect(read(stat({ isFile: false }))).rejects.toThrow('/f: not a regular file');
  await expect(read(undefined)).rejects.toThrow('/f: no such file');
  await expect(read(new Error('EACCES'))).rejects.toThrow('/f: cannot be read: EACCES');
});

test('a reader that has enough is no error; an output that fails otherwise ends with 2', () => {
  onTestFinished(() => void vi.restoreAllMocks());
  const told: string[] = [];
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => told.push(String(text)) > 0);
  const exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never);
  const before = process.stdout.listeners('error');
  print('a');
  print('b');
  const added = process.stdout.listeners('error').filter((listener) => !before.includes(listener));
  expect(added.length + before.length).toBe(before.length + 1);
  const [failed] = added;
  failed?.(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
  expect([told, exit.mock.calls]).toEqual([[], []]);
  failed?.(Object.assign(new Error('no space'), { code: 'ENOSPC' }));
  expect([told, exit.mock.calls]).toEqual([['libvirt-vlan-exporter: stdout: no space\n'], [[2]]]);
  process.stdout.off('error', failed as () => void);
});

test.each([
  [true, true, true],
  [true, false, false],
  [false, true, false],
])('a terminal: %s, that has colours: %s, shows colour: %s', (isTTY, hasColors, expected) => {
  const { stdout } = process;
  const saved = { isTTY: stdout.isTTY, hasColors: stdout.hasColors };
  onTestFinished(() => void Object.assign(stdout, saved));
  Object.assign(stdout, { isTTY, hasColors: () => hasColors });
  expect(showsColour()).toBe(expected);
});
