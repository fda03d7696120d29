import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSimHost } from '../../src/host/sim/host.ts';
import type { VlanChange } from '../../src/model/plan.ts';
import { formatTable, vlanTable } from '../../src/model/vlan.ts';
import { changesBetween } from '../../src/remediation/changes.ts';
import { configure } from '../../src/remediation/configure.ts';
import { vnetPlan } from '../../src/remediation/plan.ts';
import { writtenTo } from '../../src/remediation/take-back.ts';
import { onPrograms } from '../support/on-programs.ts';
import { table } from '../support/policy.ts';
import { applyChanges, rowsOf, tables } from './port-model.ts';

const VNET = { bridge: 'br-mgmt', domain: 'web-1', vnet: 'vnet1', mac: '52:54:00:00:00:01' };
const plan = (before: string, after: string) => vnetPlan(VNET, table(before), table(after));

/** A host on which vnet1 goes to another bridge in the moment in which it is changed, and somebody may do something there. */
function createMovingHost(then: (sim: ReturnType<typeof createSimHost>) => void = () => undefined) {
  const sim = onPrograms(createSimHost());
  for (const bridge of ['br-mgmt', 'br-lan']) sim.addBridge(bridge);
  for (const port of ['vnet1', 'vnet2']) sim.addUplink(port, 'br-mgmt');
  let moved = false;
  const { change } = sim.bridges;
  const bridges: typeof sim.bridges = {
    ...sim.bridges,
    change: async (...call) => {
      if (!moved) {
        sim.kernel.setMaster('vnet1', undefined);
        sim.kernel.setMaster('vnet1', 'br-lan');
        then(sim);
      }
      moved = true;
      return change(...call);
    },
  };
  return { sim, host: { ...sim, bridges } };
}

async function tableOf(sim: ReturnType<typeof createSimHost>, port: string): Promise<string> {
  const { vlans } = await sim.bridges.read([]);
  return vlans.ok ? formatTable(vlans.value.get(port) ?? []) : vlans.error;
}

test('what was written to a port that had gone to another bridge is taken back there', async () => {
  const { sim, host } = createMovingHost();
  const outcomes = await configure(host, [plan('1*', '10 100*'), { ...plan('1*', '100*'), vnet: 'vnet2' }]);
  expect(outcomes).toMatchObject([
    {
      result: 'reverted',
      actual: table('1*'),
      problem: 'vnet1 went from br-mgmt to br-lan while it was changed; put back to 1* there',
    },
    {},
  ]);
  expect(await tableOf(sim, 'vnet1')).toBe('1*');
});

test('where others have written to it there, it is left as it is, and told', async () => {
  const { sim, host } = createMovingHost(({ kernel }) => {
    const link = kernel.links.get('vnet1');
    link?.vlans.set(300, false);
  });
  expect(await configure(host, [plan('1*', '10 100*')])).toMatchObject([
    {
      result: 'failed',
      actual: table('10 100* 300'),
      problem:
        'vnet1 went from br-mgmt to br-lan while it was changed, and is 10 100* 300 there: look whether that is right',
    },
  ]);
  expect(await tableOf(sim, 'vnet1')).toBe('10 100* 300');
});

test('a port that is on no bridge any more has vanished', async () => {
  const { host } = createMovingHost(({ kernel }) => kernel.setMaster('vnet1', undefined));
  expect(await configure(host, [plan('1*', '10 100*')])).toMatchObject([{ result: 'vanished' }]);
});

test('what libvirt set there is left, where the kernel had refused to write it for us', async () => {
  const { sim, host } = createMovingHost();
  const refused: typeof host.bridges = {
    ...host.bridges,
    change: async (changes, readBack) => {
      sim.kernel.setMaster('vnet1', undefined);
      sim.kernel.setMaster('vnet1', 'br-lan');
      await sim.bridges.change(changes, readBack); // libvirt, with the same <vlan>
      return {
        ...(await sim.bridges.change([], readBack)),
        failures: new Map(changes.map((change) => [change, 'no'])),
      };
    },
  };
  expect(await configure({ ...host, bridges: refused }, [plan('1*', '100*')])).toMatchObject([{ result: 'vanished' }]);
  expect(await tableOf(sim, 'vnet1')).toBe('100*');
});

const defaultTables = fc.integer({ min: 0, max: 3 }).map((id) => table(id === 0 ? '' : `${id}*`));
const plans = fc
  .tuple(tables, tables)
  .map(([before, after]) => ({ ...plan('1*', '1*'), before, after, changes: changesBetween('vnet1', before, after) }));

test('any plan on any new port: all that it wrote is found, and nothing where it wrote nothing', () => {
  fc.assert(
    fc.property(plans, defaultTables, (p, joined) => {
      const now = applyChanges(joined, p.changes as VlanChange[]);
      expect(writtenTo(now, p, joined)).toBe(formatTable(now) === formatTable(joined) ? 'nothing' : 'ours');
      expect(writtenTo(joined, p, joined)).toBe('nothing');
    }),
    { numRuns: 1000 },
  );
});

test('any plan on a port that has a VLAN of others: it is never taken for ours', () => {
  fc.assert(
    fc.property(plans, defaultTables, (p, joined) => {
      const others = table('300');
      const now = vlanTable([...rowsOf(applyChanges(joined, p.changes as VlanChange[])), ...others]);
      expect(writtenTo(now, p, joined)).not.toBe('ours');
    }),
    { numRuns: 1000 },
  );
});
