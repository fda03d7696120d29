// libvirt changes a port first and the domain's XML then: what the remediator makes of the moment in between.
import { expect, test } from 'vitest';
import { setupVlans } from '../../src/host/sim/libvirt-vlan.ts';
import { createFleet, policyOf, told } from './fleet.ts';

const MAC = '52:54:00:00:00:01';
const HOUR = 3_600_000;
const tag = (id: number) => ({ tags: [{ id }] });

/** A VM of a bridge with `unexpected: report`, as shipped, whose port is as it should be. */
async function running(vlan?: number) {
  const fleet = createFleet(0);
  const { host } = fleet;
  fleet.use(policyOf(100, { unexpected: 'report' }));
  host.start({ name: 'web', uuid: 'u', interfaces: [{ mac: MAC, bridge: 'br0', ...(vlan && { vlan: tag(vlan) }) }] });
  await fleet.cycle('startup');
  fleet.pass(HOUR);
  await fleet.cycle();
  /** What libvirt does with the port, before it writes the XML. */
  const replug = (id: number | undefined) => {
    host.kernel.setMaster('vnet0', undefined);
    host.kernel.setMaster('vnet0', 'br0');
    if (id !== undefined) setupVlans(host.kernel, 'vnet0', tag(id));
  };
  const table = async () => {
    const { vlans } = await host.bridges.read([]);
    return vlans.ok && [...(vlans.value.get('vnet0') ?? [])].map(({ first, pvid }) => `${first}${pvid ? '*' : ''}`);
  };
  return { fleet, host, replug, table };
}

test.each([
  ['another', 77, 78],
  ['the first', undefined, 78],
])('update-device with %s <vlan>: nothing is put back before the XML says it', async (_, before, after) => {
  const { fleet, host, replug, table } = await running(before);
  replug(after);
  const result = await fleet.cycle();
  expect([told(result), result.wakeAt]).toEqual([[], host.now() + 1000]);
  fleet.pass(20);
  host.setVlan('web', MAC, tag(after));
  expect(told(await fleet.cycle())).toEqual([]);
  fleet.pass(HOUR);
  expect([told(await fleet.cycle()), await table()]).toEqual([[], [`${after}*`]]);
});

test('of drift that stands for a second, libvirt is not the author', async () => {
  const { fleet, replug, table } = await running(77);
  replug(undefined);
  await fleet.cycle();
  fleet.pass(999);
  expect(told(await fleet.cycle())).toEqual([]);
  fleet.pass(1);
  expect([told(await fleet.cycle()), await table()]).toEqual([['verified web'], ['77*']]);
});

test('a port that is as a new one, or has something of its own, is healed at once where libvirt does not set its VLANs', async () => {
  const { fleet, host, replug } = await running();
  replug(undefined);
  expect(told(await fleet.cycle())).toEqual(['verified web']);
  fleet.pass(HOUR);
  await host.run('bridge', 'vlan add vid 78 dev vnet0 pvid untagged'.split(' '), { timeoutMs: 1000 });
  expect(told(await fleet.cycle())).toEqual(['verified web']);
});
