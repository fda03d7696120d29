// Two bridges, rules for two VMs, and VMs on them as the demo has them.
import { createActs } from '../../../src/apps/demo/acts.ts';
import { createDemoHost, fleet } from '../../../src/apps/demo/fleet.ts';
import type { SimHost } from '../../../src/host/sim/host.ts';
import type { Policy } from '../../../src/model/policy.ts';
import { formatTable } from '../../../src/model/vlan.ts';
import { bridgePolicy, policy, rule, wanted } from '../../support/policy.ts';

export const POLICY = policy(
  bridgePolicy({
    name: 'br0',
    vlans: [10, 20],
    pvid: 1,
    intent: ['rules', 'vlan', 'metadata'],
    host: wanted([30]),
    rules: [rule({ name: 'a', domains: ['vyos-01', 'web-01', 'k3s-*'], vlans: [40], pvid: 100 })],
  }),
  bridgePolicy({ name: 'br1', vlans: [50], pvid: 5, uplinks: ['eth7', 'eth8'] }),
);

/** A host with so many VMs, all started by `acts`. */
export function demoHost(count: number, of: Policy = POLICY) {
  const host = createDemoHost(of);
  const vms = fleet(of, count);
  const acts = createActs(host, of, vms);
  for (const vm of vms) {
    host.define(vm);
    acts.start(vm.name);
  }
  return { host, vms, acts };
}

/** The VLAN tables by port, as they are written. */
export async function tablesOf(host: SimHost): Promise<Readonly<Record<string, string>>> {
  const { vlans } = await host.bridges.read(host.bridges.list());
  return Object.fromEntries([...(vlans.ok ? vlans.value : [])].map(([port, table]) => [port, formatTable(table)]));
}
