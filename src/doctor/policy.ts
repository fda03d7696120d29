// Troubles of the config, and of bridges and VMs that do not fit it. Pure.
import type { Settings } from '../config/settings.ts';
import type { BridgePolicy } from '../model/policy.ts';
import { shellArgument } from '../model/shell.ts';
import type { Bridge, Domain, Snapshot } from '../model/snapshot.ts';
import { virshDomain } from '../model/virsh.ts';
import { idleRuleSentence, idleRules, mayLieOn } from '../policy/idle-rules.ts';
import type { Trouble } from './diagnosis.ts';
import type { Facts } from './facts.ts';

export function config({ config: read, configFile }: Facts): readonly Trouble[] {
  const check = 'config';
  if (!read.ok) {
    const why = 'no program starts with it, and those that run keep the last good one';
    return [{ check, what: read.error, why, type: `libvirt-vlan-exporter config check ${configFile}` }];
  }
  if (read.value.policy.bridges.length > 0) return [];
  const why = 'as installed, it says nothing of any VM';
  return [{ check, what: `${configFile} names no bridge`, why, type: 'libvirt-vlan-exporter config infer' }];
}

/** Bridges, VMs and rules that do not fit each other. */
export function bridges({ config: read, snapshot, configFile, hook: installed }: Facts): readonly Trouble[] {
  if (!read.ok || !snapshot) return [];
  const { links, domains } = snapshot;
  const all = domains.ok ? domains.value : [];
  return [
    ...(links.ok ? read.value.policy.bridges.flatMap((policy) => bridge(policy, links.value, configFile)) : []),
    ...rules(snapshot, all, read.value, configFile),
    ...(installed.ok ? nativeVlans(installed.value.libvirt, all, read.value) : []),
  ];
}

function bridge({ name }: BridgePolicy, found: readonly Bridge[], configFile: string): readonly Trouble[] {
  const check = 'bridge';
  const there = found.find((each) => each.name === name);
  if (!there) {
    const type = `ip -brief link show type bridge, and edit ${configFile}`;
    return [{ check, what: `there is no bridge ${name}`, why: 'nothing can be said of its VMs', type }];
  }
  if (there.vlanFiltering === undefined) {
    const why = 'the kernel needs CONFIG_BRIDGE_VLAN_FILTERING';
    const type = `cat /sys/class/net/${name}/bridge/vlan_filtering`;
    return [{ check, what: `whether ${name} filters VLANs cannot be read`, why, type }];
  }
  if (there.vlanFiltering) return [];
  const type = `ip link set ${name} type bridge vlan_filtering 1`;
  return [
    { check, what: `${name} does not filter VLANs`, why: 'no VLAN is enforced there, and nothing is healed', type },
  ];
}

/** Bridges of the config that no VM is on, and rules that are for nobody there. */
function rules(snapshot: Snapshot, domains: readonly Domain[], { policy }: Settings, configFile: string) {
  const found = idleRules(snapshot, policy);
  // A file that was not understood may hold the VM that a rule is for.
  if (!found) return [];
  const empty = policy.bridges
    .map(({ name }) => name)
    .filter((name) => !domains.some(({ interfaces }) => interfaces.some((iface) => mayLieOn(iface, name))));
  const idle = found.filter(({ bridge: name }) => !empty.includes(name));
  return [
    ...empty.map((name): Trouble => {
      const why = 'its VMs have another bridge, or none is defined';
      const type = `virsh domiflist VM, and edit ${configFile}`;
      return { check: 'config', what: `no VM has an interface on ${name}`, why, type };
    }),
    ...idle.map((rule): Trouble => {
      const why = 'a misspelt name leaves a VM to another rule or to the preset';
      return { check: 'rule', what: idleRuleSentence(rule), why, type: `virsh list --all, and edit ${configFile}` };
    }),
  ];
}

// libvirt before 11.0 refuses to start a VM with <vlan> on a Linux bridge.
function nativeVlans(
  libvirt: readonly number[] | undefined,
  domains: readonly Domain[],
  { policy }: Settings,
): readonly Trouble[] {
  if (!libvirt || (libvirt[0] ?? 0) >= 11) return [];
  const on = (name: string | undefined) => policy.bridges.some((each) => each.name === name);
  return domains
    .filter(({ interfaces }) => interfaces.some((iface) => iface.vlan && on(iface.bridge)))
    .map(({ name, uuid }) => ({
      check: 'libvirt',
      what: `${name} has <vlan> on a Linux bridge, and libvirt is ${libvirt.join('.')}`,
      why: 'before 11.0 libvirt does not start such a VM',
      type: `virsh edit ${shellArgument(virshDomain({ name, uuid }) ?? name)}`,
    }));
}
