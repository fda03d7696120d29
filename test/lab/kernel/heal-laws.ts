// lab-timeout: 1200
// The laws of healing on a real kernel, by iproute2 and by netlink: the same checks as test/remediation/laws.test.ts makes on the simulated host.
import assert from 'node:assert/strict';
import { openKernelBridges } from '../../../src/host/linux/netlink/kernel-bridges.ts';
import { createHost } from '../../../src/host/linux/real.ts';
import { formatRange, type VlanTable } from '../../../src/model/vlan.ts';
import { checkLaws, checkOrder, checkUnknown, type World } from '../../remediation/laws.ts';
import { createFleet } from '../remediator.ts';
import { ensureRtnl } from '../rtnl.ts';
import { finish, sh, test } from '../scenario.ts';

ensureRtnl();

const RUNS = 20;
const fleet = await createFleet('law', 3);
const other = await createFleet('alien', 1);
await sh(`ip link add law.up type dummy && ip link set law.up master law up
  ip tuntap add law.orphan mode tap && ip link set law.orphan address fe:54:00:00:00:0b master law up`);

const bridges = ['law', 'alien'];

function commands(port: string, table: VlanTable): string {
  const self = bridges.includes(port) ? ' self' : '';
  const rows = table.map(
    ({ pvid, untagged, ...range }) =>
      `vlan add vid ${formatRange(range)} dev ${port}${pvid ? ' pvid' : ''}${untagged ? ' untagged' : ''}${self}\n`,
  );
  return `vlan del vid 1-14 dev ${port}${self}\n${rows.join('')}`;
}

const iproute2: World = {
  host: createHost(),
  bridge: 'law',
  taps: fleet.taps,
  domains: ['law-1', 'law-2', 'law-3'],
  others: [...bridges, 'law.up', 'law.orphan', ...other.taps],
  setTables: async (tables) => {
    await sh('bridge -batch -', { input: tables.map(([port, table]) => commands(port, table)).join('') });
  },
};

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const bridgesByNetlink = openKernelBridges(process.env, quiet);
const netlink: World = { ...iproute2, host: createHost(bridgesByNetlink) };

for (const [via, world] of Object.entries({ iproute2, netlink })) {
  await test(`${via}: in ${RUNS} random states: plan then apply converges, twice changes nothing, the inverse restores, nothing else moves`, () =>
    checkLaws(world, RUNS));
  await test(`${via}: unknown never heals`, () => checkUnknown(world, 100));
  await test(`${via}: the order of what was read does not matter`, () => checkOrder(world, 100));
}
await test('netlink was in use to the end', () => {
  assert.equal(bridgesByNetlink?.via(), 'netlink');
});

await sh('ip link del law.up && ip link del law.orphan');
await fleet.remove();
await other.remove();
finish();
