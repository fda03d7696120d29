// A finding that a VM's normal stop makes for a moment: it is written when it is still there some seconds later.
import { expect, test } from 'vitest';
import { createFindingJournal } from '../../src/exporter/finding-journal.ts';
import { createSimHost } from '../../src/host/sim/host.ts';
import { readSnapshot } from '../../src/host/snapshot.ts';
import type { Finding, Report, Unknown } from '../../src/model/report.ts';
import { evaluate } from '../../src/policy/evaluate.ts';
import { bridge, report } from '../report/example.ts';
import { onPrograms } from '../support/on-programs.ts';
import { bridgePolicy, policy } from '../support/policy.ts';
import { eventually, exporterOn, VYOS } from './fixture.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {} };

const AWAY: Finding = {
  reason: 'not_on_bridge',
  bridge: 'br0',
  domain: 'web',
  vnet: 'vnet0',
  expected: 'interface 52:54:00:00:00:01 on br0',
  actual: 'vnet0 is not a port of br0',
};
const RENAMED: Finding = { ...AWAY, actual: 'vnet0 is not a port of br0; old there has its MAC' };
const WRONG: Finding = { ...AWAY, reason: 'pvid_wrong', expected: 'PVID 100', actual: 'PVID 1' };

/** An audit that began then, so many seconds after the first, and what it found. */
type Audit = readonly [seconds: number, findings: readonly Finding[], unknowns?: readonly Unknown[]];

/** What is written, as "written at: state reason of audit", all in seconds. */
async function written(...audits: readonly Audit[]): Promise<readonly string[]> {
  let uptime = 700_000;
  const host = onPrograms(createSimHost());
  const journal = createFindingJournal(host, silent, () => uptime);
  const lines: string[] = [];
  for (const [seconds, findings, unknowns = []] of audits) {
    uptime = 700_000 + seconds * 1000;
    const before = host.journal.entries.length;
    const audit: Report = { ...report(bridge({ name: 'br0', findings })), unknowns, takenAt: seconds * 1000 };
    journal.update(audit);
    await journal.written();
    for (const entry of host.journal.entries.slice(before)) {
      const { LIBVIRT_VLAN_STATE, LIBVIRT_VLAN_FINDING, LIBVIRT_VLAN_AT } = entry;
      lines.push(`${seconds}: ${LIBVIRT_VLAN_STATE} ${LIBVIRT_VLAN_FINDING} of ${Number(LIBVIRT_VLAN_AT) / 1000}`);
    }
  }
  return lines;
}

test('what is off its bridge for less than five seconds is not written', async () => {
  expect(await written([0, []], [1, [AWAY]], [1.5, []], [20, []])).toEqual([]);
  expect(await written([0, []], [1, [AWAY]], [5.9, [AWAY]], [20, []])).toEqual([]);
  expect(await written([0, [AWAY]], [4, []])).toEqual([]);
});

test('what stays off its bridge is written with the first audit after five seconds, at the time when it was first seen', async () => {
  expect(await written([0, []], [1, [AWAY]], [5.9, [AWAY]], [6, [AWAY]], [21, [AWAY]], [36, []])).toEqual([
    '6: appeared not_on_bridge of 1',
    '36: gone not_on_bridge of 36',
  ]);
});

test('what was there at the start is still told as found', async () => {
  expect(await written([0, [AWAY]], [15, [AWAY]])).toEqual(['15: found not_on_bridge of 0']);
});

test('what is off its bridge again waits again', async () => {
  expect(await written([0, []], [1, [AWAY]], [3, []], [5, [AWAY]], [9, [AWAY]], [10, [AWAY]])).toEqual([
    '10: appeared not_on_bridge of 5',
  ]);
});

test('what changes meanwhile is told as it is in the end, and a change after that at once', async () => {
  const host = onPrograms(createSimHost());
  let uptime = 0;
  const journal = createFindingJournal(host, silent, () => uptime);
  for (const [at, finding] of [
    [0, AWAY],
    [3000, RENAMED],
    [5000, RENAMED],
    [6000, AWAY],
  ] as const) {
    uptime = at;
    journal.update(report(bridge({ name: 'br0', findings: [finding] })));
  }
  await journal.written();
  const states = host.journal.entries.map((e) => [e.LIBVIRT_VLAN_STATE, e.LIBVIRT_VLAN_ACTUAL]);
  expect(states).toEqual([
    ['found', RENAMED.actual],
    ['changed', AWAY.actual],
  ]);
});

test('whether it is still there must be seen: an audit that cannot tell neither writes nor forgets it', async () => {
  const unknowns: readonly Unknown[] = [{ kind: 'domain', name: 'web', problem: '' }];
  expect(await written([0, []], [1, [AWAY]], [7, [], unknowns], [8, [AWAY]])).toEqual([
    '8: appeared not_on_bridge of 1',
  ]);
  expect(await written([0, []], [1, [AWAY]], [7, [], unknowns], [8, []])).toEqual([]);
});

test('no other finding waits', async () => {
  expect(await written([0, []], [1, [WRONG, AWAY]], [1.5, []])).toEqual([
    '1: appeared pvid_wrong of 1',
    '1.5: gone pvid_wrong of 1.5',
  ]);
});

test('a VM that stops is no finding, though an audit sees it without its tap', async () => {
  let now = 0;
  const host = onPrograms(createSimHost({ now: () => now }));
  host.addBridge('br0');
  host.start({ name: 'web', uuid: VYOS.uuid, interfaces: [{ mac: '52:54:00:00:00:01', bridge: 'br0' }] });
  const wants = policy(bridgePolicy({ name: 'br0', vlans: [], pvid: 1 }));
  const journal = createFindingJournal(host, silent, host.monotonic);
  const audit = async () => {
    const found = evaluate(await readSnapshot(host, wants), wants);
    journal.update(found);
    await journal.written();
    now += 1000;
    return found.bridges.flatMap(({ findings }) => findings.map(({ reason }) => reason));
  };
  expect(await audit()).toEqual([]);
  host.kernel.removeLink('vnet0');
  expect(await audit()).toEqual(['not_on_bridge']);
  host.stop('web');
  expect(await audit()).toEqual([]);
  expect(host.journal.entries).toEqual([]);
});

test('the exporter goes by the clock of its host', async () => {
  let uptime = 0;
  const sim = createSimHost({ now: Date.now, monotonic: () => uptime });
  const host = onPrograms(sim);
  host.addBridge('br-mgmt');
  host.start(VYOS);
  const { exporter } = exporterOn(host);
  await exporter.idle();
  const states = () =>
    host.journal.entries.flatMap((e) => (e.LIBVIRT_VLAN_FINDING === 'not_on_bridge' ? [e.LIBVIRT_VLAN_STATE] : []));
  host.kernel.setMaster('vnet0', undefined);
  await eventually(() =>
    expect(exporter.state().report?.bridges[0]?.findings).toMatchObject([{ reason: 'not_on_bridge' }]),
  );
  await exporter.idle();
  expect(states()).toEqual([]);
  uptime = 5000;
  exporter.reload();
  await eventually(() => expect(states()).toEqual(['appeared']));
});
