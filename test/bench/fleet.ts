// What the benches run on: one bridge, and VMs of one vnet each, with seven VLANs, PVID 100.

import { configuredTable, macOf } from '../../src/apps/demo/fleet.ts';
import { parseSettings } from '../../src/config/load.ts';
import type { Settings } from '../../src/config/settings.ts';
import { createSimHost, type SimHost } from '../../src/host/sim/host.ts';

export const BRIDGE = 'br-mgmt';
export const CONFIG = `bridges:
  ${BRIDGE}: {vlans: [10, 20, 30, 40, 100, 110, 120], pvid: 100}
`;

export const settings: Settings = parseSettings(CONFIG, 'config.yml');

/** A simulated host with so many running VMs, all compliant; `vnetN` is the port of `vm-N`. */
export function simulatedHost(vms: number): SimHost {
  const host = createSimHost();
  host.addBridge(BRIDGE);
  for (let i = 0; i < vms; i += 1) {
    host.start({ name: `vm-${i}`, uuid: uuidOf(i), interfaces: [{ mac: macOf(i, 0), bridge: BRIDGE }] });
    putRight(host, i);
  }
  return host;
}

/** Gives vnet N what the policy wants. */
export function putRight(host: SimHost, i: number): void {
  host.setTable(`vnet${i}`, configuredTable(settings.policy, BRIDGE, `vm-${i}`, macOf(i, 0)) ?? []);
}

export function uuidOf(i: number): string {
  return `00000000-0000-4000-8000-${i.toString(16).padStart(12, '0')}`;
}
