import { expect, test } from 'vitest';
import { configuredTable, createDemoHost, fleet, keepsFdb, macOf } from '../../../src/apps/demo/fleet.ts';
import { createRandom } from '../../../src/apps/demo/random.ts';
import { HOOK_FOLDER, OUR_MARK } from '../../../src/host/linux/hook-files.ts';
import { REMEDIATOR_FOLDER } from '../../../src/model/remediator-paths.ts';
import { formatTable, parseTable } from '../../../src/model/vlan.ts';
import { policy, wanted } from '../../support/policy.ts';
import { POLICY, tablesOf } from './fixture.ts';

test('the fleet has the VMs that rules name, and then others by turns, each name once', () => {
  const names = fleet(POLICY, 12).map(({ name }) => name);
  expect(names.slice(0, 4)).toEqual(['vyos-01', 'web-01', 'db-01', 'mail-01']);
  expect(names.slice(4, 9)).toEqual(['build-01', 'cache-01', 'backup-01', 'monitor-01', 'desktop-01']);
  expect(names.slice(9)).toEqual(['web-02', 'db-02', 'mail-02']);
  expect(fleet(POLICY, 1).map(({ name }) => name)).toEqual(['vyos-01']);
});

test('they are on the bridges by turns; every seventh has two interfaces, of every tenth libvirt keeps the FDB', () => {
  const vms = fleet(POLICY, 20);
  const which = (fits: (vm: (typeof vms)[number]) => boolean) => vms.flatMap((vm, i) => (fits(vm) ? [i + 1] : []));
  expect(which(({ interfaces }) => interfaces.length === 2)).toEqual([7, 14]);
  expect(which(({ interfaces }) => interfaces.length === 1)).toHaveLength(18);
  expect(which(keepsFdb)).toEqual([9, 19]);
  expect(vms.slice(0, 3).map(({ interfaces }) => interfaces[0]?.bridge)).toEqual(['br0', 'br1', 'br0']);
  expect(vms[6]?.interfaces.map(({ mac }) => mac)).toEqual(['52:54:00:00:00:07', '52:54:00:01:00:07']);
  expect(vms[15]?.uuid).toBe('00000000-0000-4000-8000-000000000010');
  expect(fleet(policy(), 1)[0]?.interfaces[0]?.bridge).toBe('br-mgmt');
});

test('a MAC has the number of the VM and of its interface', () => {
  expect([macOf(0, 0), macOf(254, 1), macOf(255, 0), macOf(999, 17)]).toEqual([
    '52:54:00:00:00:01',
    '52:54:00:01:00:ff',
    '52:54:00:00:01:00',
    '52:54:00:11:03:e8',
  ]);
});

test('the host is as the policy wants it: bridges, uplinks, its own place, a hook of ours', async () => {
  const host = createDemoHost(POLICY);
  expect(await tablesOf(host)).toEqual({
    br0: '1* 30',
    br1: '1*',
    eno1: '1* 10 20 40 100',
    eth7: '1* 5 50',
    eth8: '1* 5 50',
  });
  const links = host.bridges.links(['br0', 'br1']);
  expect(links).toMatchObject({
    value: [{ ports: [{ name: 'eno1' }] }, { ports: [{ name: 'eth7' }, { name: 'eth8' }] }],
  });
  expect(host.readText(`${HOOK_FOLDER}/libvirt-vlan-exporter`)).toContain(OUR_MARK);
  expect(host.list(REMEDIATOR_FOLDER)).toHaveLength(1);
  const twice = createDemoHost(
    policy(...POLICY.bridges.slice(0, 1).flatMap((first) => [first, { ...first, name: 'br2', host: wanted([30], 7) }])),
  );
  expect(await tablesOf(twice)).toMatchObject({ 'eno1.1': '1* 10 20 40 100', br2: '7* 30' });
});

test('a vnet is as its rule wants it, or as its bridge does; of another bridge nothing is known', () => {
  const table = (bridge: string, name: string) => {
    const found = configuredTable(POLICY, bridge, name, macOf(0, 0));
    return found && formatTable(found);
  };
  expect([table('br0', 'vyos-01'), table('br0', 'k3s-7')]).toEqual(['40 100*', '40 100*']);
  expect(table('br0', 'db-01')).toBe(formatTable(parseTable('1* 10 20')));
  expect(table('br9', 'vyos-01')).toBeUndefined();
});

test('the same seed gives the same numbers, from 0 to below 1, and picks from all of a list', () => {
  const first = createRandom(1);
  expect([first.next(), first.next(), first.next()]).toEqual([
    0.6270739405881613, 0.002735721180215478, 0.5274470399599522,
  ]);
  expect(createRandom(2 ** 32 + 1).next()).toBe(createRandom(1).next());
  const { pick } = createRandom(7);
  expect(new Set(Array.from({ length: 50 }, () => pick(['a', 'b', 'c'])))).toEqual(new Set(['a', 'b', 'c']));
});
