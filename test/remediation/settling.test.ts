// libvirt changes a port first and the domain's XML then: what the remediator makes of the moment in between.
import { expect, test } from 'vitest';
import { type SimVlan, setupVlans } from '../../src/host/sim/libvirt-vlan.ts';
import { formatTable } from '../../src/model/vlan.ts';
import { rule } from '../support/policy.ts';
import { createFleet, policyOf, told } from './fleet.ts';

const MAC = '52:54:00:00:00:01';
const HOUR = 3_600_000;
const tag = (id: number): SimVlan => ({ tags: [{ id }] });
const TRUNK: SimVlan = { tags: [{ id: 100, native: 'untagged' }, { id: 200 }] };
const RULE = [rule({ domains: ['web'], vlans: [], pvid: 77 })];

interface Setting {
  readonly defaultPvid?: number;
  readonly rules?: typeof RULE;
}

/** A VM of a bridge with `unexpected: report`, as shipped, whose port is as it should be. */
async function running(vlan?: SimVlan, { defaultPvid = 1, rules = [] }: Setting = {}) {
  const fleet = createFleet(0);
  const { host } = fleet;
  const bridge = host.kernel.links.get('br0');
  if (bridge) bridge.defaultPvid = defaultPvid;
  fleet.use(policyOf(100, { unexpected: 'report', rules }));
  host.start({ name: 'web', uuid: 'u', interfaces: [{ mac: MAC, bridge: 'br0', ...(vlan && { vlan }) }] });
  for (let i = 0; i < 3; i++) {
    await fleet.cycle();
    fleet.pass(HOUR);
  }
  return {
    fleet,
    cycle: async (ms = 0) => {
      fleet.pass(ms);
      return told(await fleet.cycle());
    },
    /** What libvirt does with the port. */
    replug: (to?: SimVlan) => {
      host.kernel.setMaster('vnet0', undefined);
      host.kernel.setMaster('vnet0', 'br0');
      if (to) setupVlans(host.kernel, 'vnet0', to);
    },
    /** And what it writes then. */
    say: (to: SimVlan) => {
      const link = host.kernel.links.get('vnet0');
      const was = { vlans: new Map(link?.vlans), pvid: link?.pvid };
      host.setVlan('web', MAC, to);
      if (link) Object.assign(link, was);
    },
    bridge: (command: string) => host.run('bridge', command.split(' '), { timeoutMs: 1000 }),
    table: async () => {
      const { vlans } = await host.bridges.read([]);
      return vlans.ok && formatTable(vlans.value.get('vnet0') ?? []);
    },
  };
}

test.each<[what: string, before: SimVlan | undefined, after: SimVlan, left: string, setting?: Setting]>([
  ['another <vlan>', tag(77), tag(78), '78*'],
  ['the first <vlan>', undefined, tag(78), '78*'],
  ['the first <vlan>, with a tag of the default', undefined, tag(10), '10*'],
  ['the first <vlan>, with the PVID of the default', undefined, TRUNK, '100* 200'],
  ['the first <vlan>, which leaves a default PVID over', undefined, tag(78), '78*', { defaultPvid: 100 }],
  ['another <vlan> than the rule that said the same', tag(77), tag(78), '78*', { rules: RULE }],
  ['a <vlan> that contradicts a rule', undefined, tag(78), '78*', { rules: RULE }],
])('update-device with %s: nothing is put back before the XML says it', async (_, before, after, left, setting) => {
  const { cycle, replug, say, table } = await running(before, setting);
  replug(after);
  expect(await cycle()).toEqual([]);
  say(after);
  await cycle(20);
  await cycle(HOUR);
  await cycle(HOUR);
  expect(await table()).toBe(left);
});

test('of drift that stands for a second, libvirt is not the author', async () => {
  const { fleet, cycle, replug, table } = await running(tag(77));
  replug();
  const result = await fleet.cycle();
  expect([told(result), result.wakeAt]).toEqual([[], fleet.host.now() + 1000]);
  expect(await cycle(999)).toEqual([]);
  expect([await cycle(1), await table()]).toEqual([['verified web'], '77*']);
});

test('what libvirt does to a port that has long been wrong has its second, too', async () => {
  const { fleet, cycle, bridge, replug } = await running(tag(77));
  fleet.options.paused = true;
  await bridge('vlan add vid 666 dev vnet0 pvid untagged');
  await cycle();
  await cycle(HOUR);
  fleet.options.paused = false;
  replug(tag(78));
  expect(await cycle()).toEqual([]);
  expect(await cycle(1000)).toEqual(['verified web']);
});

test('a reading that fails makes it no longer; a dry run and a pause tell of nothing before', async () => {
  const { fleet, cycle, replug } = await running(tag(77));
  replug();
  fleet.options.dryRun = true;
  expect(await cycle()).toEqual([]);
  fleet.host.sabotage((line) => line.includes('vlan show'), { exitCode: 1, stderr: 'no' }, 1);
  await cycle(500);
  expect(await cycle(500)).toEqual(['dry_run web']);
});

test('who changes a port more often than once a second is healed after five, and suspended in the end', async () => {
  const { fleet, cycle, bridge } = await running(tag(77));
  const outcomes: string[] = [];
  for (let i = 0; i < 200; i++) {
    await bridge(`vlan ${i % 2 ? 'del' : 'add'} vid 666 dev vnet0 pvid untagged`);
    outcomes.push(...(await cycle(400)));
  }
  expect(outcomes[0]).toBe('verified web');
  expect(outcomes).toContain('suspended web');
  expect(fleet.status()?.domains).toMatchObject([{ domain: 'web' }]);
});

test.each([
  ['is as a new one', 'vlan del vid 2-4094 dev vnet0', 'vlan add vid 1 dev vnet0 pvid untagged'],
  ['lacks something', 'vlan del vid 10 dev vnet0', 'vlan del vid 100 dev vnet0'],
  ['has something more', 'vlan add vid 78 dev vnet0', 'vlan add vid 79 dev vnet0 pvid untagged'],
  ['has VLAN 1', 'vlan add vid 1 dev vnet0 pvid untagged', 'vlan del vid 10 dev vnet0'],
])('a port that %s is healed at once where <vlan> says nothing', async (_, ...commands) => {
  const { cycle, bridge } = await running();
  for (const command of commands) await bridge(command);
  expect(await cycle()).toEqual(['verified web']);
});
