import { expect, test } from 'vitest';
import type { Bridges } from '../../src/host/host.ts';
import { createSimHost, type SimHost } from '../../src/host/sim/host.ts';
import { lawRuns } from '../support/law-runs.ts';
import { onPrograms } from '../support/on-programs.ts';
import { checkLaws, checkOrder, checkUnknown, type World } from './laws.ts';

function simWorld(host: SimHost = createSimHost()): World & { readonly host: SimHost } {
  host.addBridge('law');
  host.addBridge('other');
  host.addUplink('law.up', 'law');
  const start = (name: string, mac: string, bridge: string, target: string) => {
    const vm = {
      name,
      uuid: `00000000-0000-0000-0000-0000000000${mac.slice(-2)}`,
      interfaces: [{ mac, bridge, target }],
    };
    host.define(vm);
    host.start(vm);
  };
  for (const i of [1, 2, 3]) start(`law-${i}`, `52:54:00:00:00:0${i}`, 'law', `law.${i}`);
  start('alien', '52:54:00:00:00:0a', 'other', 'other.1');
  host.kernel.addLink('law.orphan', 'tap', 'fe:54:00:00:00:0b');
  host.kernel.setMaster('law.orphan', 'law');
  return {
    host,
    bridge: 'law',
    taps: ['law.1', 'law.2', 'law.3'],
    domains: ['law-1', 'law-2', 'law-3'],
    others: ['law', 'other', 'law.up', 'law.orphan', 'other.1'],
    setTables: async (tables) => {
      for (const [port, table] of tables) host.setTable(port, table);
    },
  };
}

for (const [via, world] of [
  ['asked directly', () => simWorld()],
  ['by iproute2', () => simWorld(onPrograms(createSimHost()))],
] as const) {
  test(`${via}: plan then apply converges, twice changes nothing, the inverse restores, and nothing else moves`, async () => {
    await checkLaws(world(), lawRuns(150));
  }, 60_000);
}

test('unknown never heals', async () => {
  await checkUnknown(simWorld(), lawRuns(200));
});

test('the order of what was read does not matter', async () => {
  await checkOrder(simWorld(), lawRuns(200));
});

test('the laws can fail: a host that drops a command is found out', async () => {
  const world = simWorld();
  const { bridges } = world.host;
  const change: Bridges['change'] = (changes, readBack) => bridges.change(changes.slice(1), readBack);
  const host = { ...world.host, bridges: { ...bridges, change } };
  await expect(checkLaws({ ...world, host }, 50)).rejects.toThrow();
});
