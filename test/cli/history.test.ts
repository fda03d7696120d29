// `history` on the simulated host: what hook, exporter and remediator really write is read back.
import { expect, test } from 'vitest';
import { runHeal } from '../../src/cli/heal.ts';
import { runHistory } from '../../src/cli/history.ts';
import { createProgram } from '../../src/cli/program.ts';
import { loadSettings } from '../../src/config/load.ts';
import { createFindingJournal } from '../../src/exporter/finding-journal.ts';
import { entryOf } from '../../src/hook/facts.ts';
import { createSimHost } from '../../src/host/sim/host.ts';
import { readSnapshot } from '../../src/host/snapshot.ts';
import type { Decision } from '../../src/model/remediator-status.ts';
import { parseTable } from '../../src/model/vlan.ts';
import { evaluate } from '../../src/policy/evaluate.ts';
import { journalEntries } from '../../src/remediation/record.ts';
import { onPrograms } from '../support/on-programs.ts';
import { outputOf } from '../support/output.ts';

const FILE = '/etc/libvirt-vlan-exporter/config.yml';
const START = Date.UTC(2026, 1, 3, 12);
const OPTIONS = { format: 'table', since: 3_600_000 } as const;
const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** A host on which a VM started, drifted and was healed by hand, one minute apart. */
async function eventful() {
  let now = START;
  const host = onPrograms(createSimHost({ now: () => now }));
  host.addBridge('br0');
  host.writeFile(FILE, 'bridges: {br0: {vlans: [10, 20], pvid: 100}}\n');
  host.start({
    name: 'vyos-01',
    uuid: '00000000-0000-0000-0000-000000000001',
    interfaces: [{ mac: '52:54:00:00:00:01', bridge: 'br0' }],
  });
  const call = { guest: 'vyos-01', operation: 'start' } as const;
  const where = { bridge: 'br0', vnet: 'vnet0', before: '1*', after: '10 20 100*' };
  await host.journal.write(entryOf({ severity: 'info', text: 'done', outcome: 'verified', ...where }, call, 9, true));
  host.setTable('vnet0', parseTable('10 20 100*'));

  const { policy } = loadSettings(host, FILE);
  const findings = createFindingJournal(host, silent, () => now);
  const audit = async () => {
    now += 60_000;
    findings.update(evaluate(await readSnapshot(host, policy), policy));
    await findings.written();
  };
  await audit();
  host.setTable('vnet0', parseTable('1* 10 20 100'));
  await audit();
  now += 60_000;
  const heal = await outputOf(() => runHeal(host, [], { 'config.file': FILE, format: 'text' }));
  expect(heal.status).toBe(0);
  await audit();
  const later = (ms: number) => {
    now += ms;
  };
  return { host, later };
}

test('what happened is told in order, the newest last', async () => {
  const { host } = await eventful();
  const { status, out, err } = await outputOf(() => runHistory(host, [], OPTIONS));
  expect([status, err]).toEqual([0, '']);
  expect(out.replaceAll(/ +$/gm, '')).toBe(`\
2026-02-03T12:00:00.000Z  vyos-01  -      started
2026-02-03T12:00:00.000Z  vyos-01  vnet0  configured      by the hook: 1* -> 10 20 100*
2026-02-03T12:02:00.000Z  vyos-01  vnet0  drifted         pvid_wrong: expected PVID 100; actual PVID 1
2026-02-03T12:02:00.000Z  vyos-01  vnet0  drifted         vlan_unexpected: expected VLANs 10 20 100; actual also 1 untagged
2026-02-03T12:03:00.000Z  vyos-01  vnet0  healed by hand  pvid_wrong vlan_unexpected: 1* 10 20 100 -> 10 20 100*
2026-02-03T12:04:00.000Z  vyos-01  vnet0  cleared         pvid_wrong is gone
2026-02-03T12:04:00.000Z  vyos-01  vnet0  cleared         vlan_unexpected is gone
`);
});

test('only the named domains, and only since then', async () => {
  const { host, later } = await eventful();
  expect(await outputOf(() => runHistory(host, ['web'], OPTIONS))).toEqual({
    status: 0,
    out: '',
    err:
      'libvirt-vlan-exporter: nothing happened since 2026-02-03T11:04:00.000Z, as far as the journal tells\n' +
      'libvirt-vlan-exporter: libvirt knows no domain web now\n',
  });
  later(30_000);
  const { out } = await outputOf(() => runHistory(host, ['vyos-01'], { ...OPTIONS, since: 90_000 }));
  expect(out.split('\n').map((line) => line.split(/ +/)[3])).toEqual(['healed', 'cleared', 'cleared', undefined]);
});

test('a name that libvirt does not know is told, unless it has a history', async () => {
  const { host, later } = await eventful();
  const quiet = { ...OPTIONS, since: 1000 };
  expect((await outputOf(() => runHistory(host, ['vyos-01', 'vyos-1'], OPTIONS))).err).toBe(
    'libvirt-vlan-exporter: libvirt knows no domain vyos-1 now\n',
  );
  later(60_000);
  expect((await outputOf(() => runHistory(host, ['vyos-01'], quiet))).err).toMatch(
    /^[^\n]*: nothing happened since [^\n]*\n$/,
  );
  host.stop('vyos-01');
  expect((await outputOf(() => runHistory(host, ['vyos-01'], OPTIONS))).err).toBe('');
  expect((await outputOf(() => runHistory(host, ['vyos-01'], quiet))).err).toContain(
    'libvirt knows no domain vyos-01 now\n',
  );
});

test('where libvirt’s folder cannot be read, it is not known whether there is such a domain', async () => {
  const { host } = await eventful();
  host.forbid('/run/libvirt/qemu');
  const { status, err } = await outputOf(() => runHistory(host, ['web', 'db'], OPTIONS));
  expect([status, err]).toEqual([
    0,
    expect.stringMatching(/whether libvirt knows web, db cannot be told: EACCES[^\n]*\n$/),
  ]);
});

test('--format json has each event with all that is known of it', async () => {
  const { host } = await eventful();
  const { version, cut, events } = JSON.parse(
    (await outputOf(() => runHistory(host, [], { ...OPTIONS, format: 'json' }))).out,
  );
  expect([version, cut, events.length]).toEqual([1, false, 7]);
  expect(events[4]).toEqual({
    at: '2026-02-03T12:03:00.000Z',
    by: 'heal',
    kind: 'healed',
    domain: 'vyos-01',
    bridge: 'br0',
    vnet: 'vnet0',
    reasons: ['pvid_wrong', 'vlan_unexpected'],
    expected: null,
    actual: null,
    before: '1* 10 20 100',
    after: '10 20 100*',
    problem: null,
    text: 'vyos-01: vnet0 on br0 healed: 1* 10 20 100 -> 10 20 100*',
  });
});

test('a journal that cannot be read is 2, and says why', async () => {
  const { host } = await eventful();
  host.sabotage((line) => line.startsWith('journalctl'), 'missing');
  const { status, out, err } = await outputOf(() => runHistory(host, [], OPTIONS));
  expect([status, out]).toEqual([2, '']);
  expect(err).toContain('journalctl');
});

test('a journal that holds no entry since boot is 2, as doctor says it: who asks must not take that for "nothing happened"', async () => {
  const empty = onPrograms(createSimHost({ now: () => START }));
  for (const format of ['table', 'json'] as const)
    expect(await outputOf(() => runHistory(empty, [], { ...OPTIONS, format }))).toEqual({
      status: 2,
      out: '',
      err: 'libvirt-vlan-exporter: the journal cannot be read: it holds no entry since boot\n',
    });
  empty.journal.append({ _UID: '0', SYSLOG_IDENTIFIER: 'systemd', MESSAGE: 'Started something.' });
  const { status, err } = await outputOf(() => runHistory(empty, [], OPTIONS));
  expect([status, err]).toEqual([0, expect.stringContaining('nothing happened since ')]);
});

/** Of web's vnet0. */
const decided = (fields: Pick<Decision, 'outcome' | 'problem'> & Partial<Decision>): Decision => ({
  at: START,
  trigger: 'event',
  bridge: 'br0',
  domain: 'web',
  vnet: 'vnet0',
  before: '1*',
  after: '10*',
  reasons: ['pvid_wrong'],
  commands: [],
  durationMs: 1,
  ...fields,
});

test.each<[line: string, Decision]>([
  [
    'failed  pvid_wrong: is 1*, should be 10*: Operation not permitted',
    decided({ outcome: 'failed', problem: 'Operation not permitted' }),
  ],
  [
    'failed  by hand: pvid_wrong: is 1*, should be 10*: it still has 1*',
    decided({ outcome: 'failed', problem: 'it still has 1*', trigger: 'heal' }),
  ],
  [
    'dry run  pvid_wrong: is 1*, should be 10*: a dry run changes nothing',
    decided({ outcome: 'dry_run', problem: 'a dry run changes nothing' }),
  ],
  [
    'paused  is 1*, should be 10*: the pause file holds everything',
    decided({ outcome: 'paused', problem: 'the pause file holds everything', reasons: undefined }),
  ],
  [
    'suspended  pvid_wrong: is 1*, should be 10*: somebody undoes each heal',
    decided({ outcome: 'suspended', problem: 'somebody undoes each heal' }),
  ],
  ['vanished  pvid_wrong: is 1*, should be 10*', decided({ outcome: 'vanished', problem: undefined })],
])('domain and vnet stand once in a line: %s', async (line, decision) => {
  const host = createSimHost({ now: () => START });
  for (const fields of journalEntries([decision])) await host.journal.write(fields);
  expect((await outputOf(() => runHistory(host, [], OPTIONS))).out).toBe(
    `2026-02-03T12:00:00.000Z  web  vnet0  ${line}\n`,
  );
  const { events } = JSON.parse((await outputOf(() => runHistory(host, [], { ...OPTIONS, format: 'json' }))).out);
  expect(events).toMatchObject([{ problem: decision.problem ?? null }]);
});

test('of a thousand vnets healed at once, each has its line, whatever its domain is called', async () => {
  const host = createSimHost({ now: () => START });
  const reasons = (i: number): Decision['reasons'] => (i % 2 === 0 ? ['pvid_wrong', 'vlan_missing'] : []);
  const names = [
    'a; b',
    'c "d" -> e',
    '\x7f\u202e\u{e0001}',
    '防火墙',
    ...Array.from({ length: 996 }, (_, i) => `vm-${i}`),
  ];
  const decisions = names.map(
    (domain, i): Decision => ({
      at: START,
      trigger: 'event',
      outcome: 'verified',
      bridge: 'br0',
      domain,
      vnet: `vnet${i}`,
      before: '1*',
      after: '10*',
      reasons: reasons(i),
      commands: [],
      problem: undefined,
      durationMs: 1,
    }),
  );
  for (const fields of journalEntries(decisions)) await host.journal.write(fields);
  expect(host.journal.entries).toHaveLength(1);
  const { events } = JSON.parse((await outputOf(() => runHistory(host, [], { ...OPTIONS, format: 'json' }))).out);
  expect(events.map((event: { domain: string }) => event.domain)).toEqual(names);
  expect(events.map((event: { reasons: string[] }) => event.reasons)).toEqual(names.map((_, i) => reasons(i)));
  const { out } = await outputOf(() => runHistory(host, ['\x7f\u202e\u{e0001}'], OPTIONS));
  expect(out).toMatch(/^\S+ {2}\\x7f\\u202e\\u\{e0001\} {2}vnet2 {2}healed {2}pvid_wrong vlan_missing: 1\* -> 10\*\n$/);
});

test.each(['', '1', '1x', '0s', '-1h', '99999d', '1h 2m'])('--since %j is refused', async (text) => {
  const program = createProgram();
  const history = program.commands.find((command) => command.name() === 'history');
  for (const command of [program, history]) command?.exitOverride().configureOutput({ writeErr: () => {} });
  const argv = ['node', 'main.js', 'history', `--since=${text}`];
  await expect(program.parseAsync(argv)).rejects.toThrow('expected a duration from one second to a year');
});
