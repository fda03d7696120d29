import { expect, test } from 'vitest';
import { type Acts, createActs, driftsOf } from '../../../src/apps/demo/acts.ts';
import { createDemoHost } from '../../../src/apps/demo/fleet.ts';
import type { JournalEntry } from '../../../src/host/sim/journal.ts';
import { bridgePolicy, policy } from '../../support/policy.ts';
import { demoHost, POLICY, tablesOf } from './fixture.ts';

// vyos-01 and db-01 are on br0, web-01 on br1; backup-01, the seventh, has two interfaces, desktop-01 libvirt's FDB.
const VM_COUNT = 9;

const said = (entries: readonly JournalEntry[]) =>
  entries.map(({ PRIORITY, MESSAGE, LIBVIRT_VLAN_DOMAIN, LIBVIRT_VLAN_RUN }) =>
    [PRIORITY, LIBVIRT_VLAN_DOMAIN, MESSAGE, LIBVIRT_VLAN_RUN ?? '-'].join(' '),
  );

test('a VM starts as its hook leaves it, and the journal says so', async () => {
  const { host, acts } = demoHost(VM_COUNT);
  expect(await tablesOf(host)).toMatchObject({ vnet0: '40 100*', vnet1: '5* 50', vnet2: '1* 10 20' });
  expect(acts.stop('backup-01')).toBe('backup-01 stopped');
  const before = host.journal.entries.length;
  expect(acts.start('backup-01')).toBe('backup-01 started on vnet10, vnet11');
  expect(said(host.journal.entries.slice(before))).toEqual([
    '6 backup-01 vnet10: 1* 10 20 -',
    '6 backup-01 vnet11: 1* 10 20 -',
    '6 backup-01 configured 2 vnets 1',
  ]);
  expect(host.journal.entries.at(-1)?.SYSLOG_IDENTIFIER).toEqual(['libvirt-hook', 'libvirt-hook[backup-01]']);
});

test('a hook that fails leaves the VM as the kernel has it, and says so', async () => {
  const { host, acts } = demoHost(1);
  acts.stop('vyos-01');
  const before = host.journal.entries.length;
  expect(acts.start('vyos-01', true)).toBe('vyos-01 started, and its hook failed');
  expect(await tablesOf(host)).toMatchObject({ vnet1: '1*' });
  expect(said(host.journal.entries.slice(before))).toEqual([
    '3 vyos-01 vnet1: bridge vlan add vid 100 dev vnet1 pvid untagged: timed out 1',
  ]);
});

test.each<[string, (acts: Acts) => string, string, Readonly<Record<string, string>>]>([
  ['a PVID', (acts) => acts.breakPvid('db-01'), 'db-01 vnet2: PVID set to 20 by hand', { vnet2: '1 10 20*' }],
  [
    'all VLANs',
    (acts) => acts.wipe('vyos-01'),
    'vyos-01 vnet0: left the bridge and came back, all VLANs lost',
    { vnet0: '1*' },
  ],
  ['a VLAN', (acts) => acts.removeVlan('db-01'), 'db-01 vnet2: VLAN 10 removed by hand', { vnet2: '1* 20' }],
  ["the host's own", (acts) => acts.cutOffHost(), 'br0 itself: VLANs 30 taken off by hand', { br0: '1*' }],
])('%s is lost, and put right again', async (_what, lose, sentence, tables) => {
  const { host, acts } = demoHost(VM_COUNT);
  const before = await tablesOf(host);
  expect(lose(acts)).toBe(sentence);
  expect(await tablesOf(host)).toEqual({ ...before, ...tables });
  expect(['vyos-01', 'db-01'].map(acts.repair)).toEqual(['vyos-01 put right by hand', 'db-01 put right by hand']);
  expect(acts.reconnectHost()).toBe('br0 itself put right by hand');
  expect(await tablesOf(host)).toEqual(before);
});

test('the FDB is lost of a VM for which libvirt keeps it, and filled again with its MAC in each VLAN', () => {
  const { host, acts } = demoHost(VM_COUNT);
  const fdb = () => [...(host.kernel.links.get('vnet9')?.fdb ?? [])].sort();
  const full = ['1', '10', '20'].map((vid) => `52:54:00:00:00:09 ${vid}`);
  expect(fdb()).toEqual(full);
  expect(acts.loseFdb('desktop-01')).toBe('desktop-01 vnet9: its FDB entries deleted by hand');
  expect(fdb()).toEqual([]);
  acts.repair('desktop-01');
  expect(fdb()).toEqual(full);
  expect(() => acts.loseFdb('db-01')).toThrow('db-01: libvirt does not keep its FDB, as it does of desktop-01');
  expect(() => acts.loseFdb('nobody')).toThrow('nobody');
});

test('what a VM asks for is in its XML until it is taken back', () => {
  const { host, acts } = demoHost(VM_COUNT);
  const xml = () => host.readText('/run/libvirt/qemu/vyos-01.xml');
  const before = xml();
  expect(acts.contradict('vyos-01')).toBe(
    'vyos-01 vnet0: update-device with <vlan> 42, and its rule wants something else',
  );
  expect(xml()).toMatch(/<vlan>\s*<tag id=.42/);
  expect(acts.misask('vyos-01')).toBe('vyos-01: its metadata asks for PVID "hundred"');
  expect(xml()).toContain("pvid='hundred'");
  expect(acts.agree('vyos-01')).toBe('vyos-01: no <vlan> and no metadata any more');
  expect(xml()).toBe(before);
});

test('a policy that says nothing of the host leaves it alone', async () => {
  const bare = policy(bridgePolicy({ vlans: [10], pvid: 1 }));
  const { host, acts } = demoHost(1, bare);
  const before = await tablesOf(host);
  expect(acts.cutOffHost()).toBe('the policy says nothing of the host itself');
  acts.reconnectHost();
  expect(await tablesOf(host)).toEqual(before);
});

test('what goes wrong by itself fits its VM and the policy', () => {
  const { acts, vms } = demoHost(VM_COUNT);
  const names = vms.map(({ name }) => name);
  const { drifts, puzzles } = driftsOf(acts, POLICY, vms);
  const fitting = (what: readonly { fits(domain: string): boolean }[]) => what.map(({ fits }) => names.filter(fits));
  expect(drifts.map(({ make }) => make)).toEqual([acts.breakPvid, acts.wipe, acts.removeVlan, acts.loseFdb]);
  expect(fitting(drifts)).toEqual([names, names, names, ['desktop-01']]);
  expect(puzzles.map(({ make, mend }) => [make, mend])).toEqual([
    [acts.contradict, acts.agree],
    [acts.misask, acts.agree],
    [acts.cutOffHost, acts.reconnectHost],
  ]);
  expect(fitting(puzzles)).toEqual([['vyos-01', 'web-01'], names, names]);
  const bare = policy(bridgePolicy({}));
  expect(fitting(driftsOf(createActs(createDemoHost(bare), bare, vms), bare, vms).puzzles)).toEqual([[], [], []]);
});
