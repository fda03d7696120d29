// The demo's host: the VMs that the policy's rules name, and others, on the policy's bridges; all as their hook left them.
import { HOOK_FOLDER, OUR_MARK } from '../../host/linux/hook-files.ts';
import { createSimHost, type SimHost } from '../../host/sim/host.ts';
import type { SimVm } from '../../host/sim/vm.ts';
import type { BridgePolicy, Policy } from '../../model/policy.ts';
import { REMEDIATOR_FOLDER } from '../../model/remediator-paths.ts';
import { pvidOf, tableFrom, type VlanTable, vid, vidsFrom } from '../../model/vlan.ts';
import { expect } from '../../policy/expect.ts';

const OTHERS = ['web', 'db', 'mail', 'build', 'cache', 'backup', 'monitor', 'desktop'] as const;
const UPLINK = 'eno1';

/** A host with the policy's bridges and an uplink on each. */
export function createDemoHost(policy: Policy): SimHost {
  const host = createSimHost();
  policy.bridges.forEach((bridge, i) => {
    host.addBridge(bridge.name);
    if (bridge.host) host.setTable(bridge.name, hostTable(bridge.host));
    for (const uplink of bridge.uplinks.length > 0 ? bridge.uplinks : [`${UPLINK}${i === 0 ? '' : `.${i}`}`]) {
      host.addUplink(uplink, bridge.name);
      host.setTable(uplink, tagged(bridge));
    }
  });
  host.writeFile(`${HOOK_FOLDER}/libvirt-vlan-exporter`, `#!/bin/sh\n# ${OUR_MARK}\n`);
  host.writeFile(`${REMEDIATOR_FOLDER}/.keep`, '');
  return host;
}

/** What the host itself has on a bridge of which the policy asks `wanted`: that, and VLAN 1 as PVID unless the policy names another. */
export function hostTable(wanted: VlanTable): VlanTable {
  return tableFrom(wanted, pvidOf(wanted) ?? vid(1));
}

/** Whether libvirt keeps the FDB of its ports. */
export function keepsFdb({ interfaces }: SimVm): boolean {
  return interfaces.some(({ macTable }) => macTable === 'libvirt');
}

/** `count` VMs: first those that rules name, then web-01, db-01 …; every seventh has two interfaces, of every tenth libvirt keeps the FDB. */
export function fleet(policy: Policy, count: number): readonly SimVm[] {
  const named = policy.bridges.flatMap(({ rules }) => rules.flatMap(({ domains }) => domains ?? []));
  const names = [...new Set(named.filter((name) => !/[*?]/.test(name)))].slice(0, count);
  for (let i = 0; names.length < count; i += 1) {
    const name = `${OTHERS[i % OTHERS.length]}-${String(Math.floor(i / OTHERS.length) + 1).padStart(2, '0')}`;
    if (!names.includes(name)) names.push(name);
  }
  return names.map((name, i) => {
    const bridge = policy.bridges[i % policy.bridges.length]?.name ?? 'br-mgmt';
    const nics = i % 7 === 6 ? [0, 1] : [0];
    return {
      name,
      uuid: `00000000-0000-4000-8000-${(i + 1).toString(16).padStart(12, '0')}`,
      interfaces: nics.map((nic) => ({
        mac: macOf(i, nic),
        bridge,
        ...(i % 10 === 8 && { macTable: 'libvirt' as const }),
      })),
    };
  });
}

/** The guest's MAC of a VM's interface. */
export function macOf(vm: number, nic: number): string {
  const hex = (n: number) => n.toString(16).padStart(2, '0');
  return `52:54:00:${hex(nic)}:${hex((vm + 1) >> 8)}:${hex((vm + 1) & 255)}`;
}

/** What the hook makes of a vnet; undefined where the policy has no such bridge. */
export function configuredTable(policy: Policy, bridge: string, name: string, mac: string): VlanTable | undefined {
  const found = policy.bridges.find((candidate) => candidate.name === bridge);
  if (!found) return undefined;
  const iface = { mac, target: undefined, bridge, skipped: undefined };
  return expect(found, { domain: { name, uuid: undefined, state: 'running', interfaces: [iface] }, iface }).table;
}

/** All VLANs that any vnet of the bridge may have, tagged; and the default one, untagged, as a switch port has it. */
function tagged({ table, rules }: BridgePolicy): VlanTable {
  return tableFrom(vidsFrom([table, ...rules.map((rule) => rule.table)].flat()), vid(1));
}
