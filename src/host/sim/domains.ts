// The simulated host's libvirt: domains, whose taps are made and removed with them, and whose XML lies where libvirt's does.
import { tapMac } from '../../model/mac.ts';
import { PERSISTENT_FOLDER } from '../linux/domains.ts';
import { LIVE_FOLDER } from '../linux/files.ts';
import type { Files } from './files.ts';
import type { Kernel } from './kernel.ts';
import { type SimVlan, setupVlans } from './libvirt-vlan.ts';
import { liveXml, persistentXml, type SimInterface, type SimVm } from './vm.ts';

export interface SimDomains {
  /** Writes the persistent XML. */
  define(vm: SimVm): void;
  undefine(domain: string): void;
  /** Makes the taps, puts them on their bridges, writes the live XML; a defined or a transient VM. */
  start(vm: SimVm | string): void;
  stop(domain: string): void;
  /** Hot-plug: no hook runs, as in libvirt. Returns the tap's name. */
  attach(domain: string, nic: SimInterface): string;
  detach(domain: string, mac: string): void;
  /** What `virsh metadata --live` does: no port is touched. */
  setMetadata(domain: string, metadata: string | undefined): void;
  /** What `virsh update-device` with another <vlan>, or without, does: the tap leaves the bridge and comes back. */
  setVlan(domain: string, mac: string, vlan: SimVlan | undefined): void;
  /** Names of the running domains, sorted. */
  running(): readonly string[];
  /** Whether this is the process of a running domain. */
  processExists(pid: number): boolean | undefined;
  /** A running domain's taps, in the order of its interfaces. */
  taps(domain: string): readonly string[];
}

interface Running {
  readonly vm: SimVm;
  readonly taps: readonly string[];
  readonly pid: number;
}

/** No domains, and libvirt's folders. */
export function createSimDomains(kernel: Kernel, files: Files): SimDomains {
  const defined = new Map<string, SimVm>();
  const active = new Map<string, Running>();
  let lastVnet = -1;
  let lastPid = 1000;

  files.makeFolder(LIVE_FOLDER);
  files.makeFolder(`${PERSISTENT_FOLDER}/networks`);
  files.makeFolder(`${PERSISTENT_FOLDER}/autostart`);

  const runningDomain = (name: string): Running => {
    const found = active.get(name);
    if (!found) throw new Error(`simulated host: domain ${name} is not running`);
    return found;
  };
  const setRunning = (running: Running) => {
    active.set(running.vm.name, running);
    files.write(`${LIVE_FOLDER}/${running.vm.name}.xml`, liveXml(running.vm, running.pid, running.taps));
  };
  const addTap = (nic: SimInterface): string => {
    // Only the counter is ever used up, as in libvirt; a name of one's own uses no number.
    if (nic.target === undefined) lastVnet += 1;
    const name = nic.target ?? `vnet${lastVnet}`;
    kernel.addLink(name, 'tap', tapMac(nic.mac.toLowerCase()));
    kernel.setMaster(name, nic.bridge);
    if (nic.vlan) setupVlans(kernel, name, nic.vlan);
    const link = kernel.links.get(name);
    // At the vCPUs' start, for the VLANs that the port has then.
    if (nic.macTable) for (const vid of link?.vlans.keys() ?? []) link?.fdb.add(`${nic.mac} ${vid}`);
    return name;
  };

  return {
    define(vm) {
      defined.set(vm.name, vm);
      files.write(`${PERSISTENT_FOLDER}/${vm.name}.xml`, persistentXml(vm));
    },
    undefine(domain) {
      defined.delete(domain);
      files.remove(`${PERSISTENT_FOLDER}/${domain}.xml`);
    },
    start(what) {
      const vm = typeof what === 'string' ? defined.get(what) : what;
      if (!vm) throw new Error(`simulated host: domain ${what} is not defined`);
      if (active.has(vm.name)) throw new Error(`simulated host: domain ${vm.name} runs already`);
      lastPid += 1;
      setRunning({ vm, taps: vm.interfaces.map(addTap), pid: lastPid });
    },
    stop(domain) {
      for (const tap of runningDomain(domain).taps) if (kernel.links.has(tap)) kernel.removeLink(tap);
      active.delete(domain);
      files.remove(`${LIVE_FOLDER}/${domain}.xml`);
    },
    attach(domain, nic) {
      const { vm, taps, pid } = runningDomain(domain);
      const tap = addTap(nic);
      setRunning({ vm: { ...vm, interfaces: [...vm.interfaces, nic] }, taps: [...taps, tap], pid });
      return tap;
    },
    detach(domain, mac) {
      const { vm, taps, pid } = runningDomain(domain);
      const at = vm.interfaces.findIndex((nic) => nic.mac === mac);
      const tap = taps[at];
      if (tap === undefined) throw new Error(`simulated host: domain ${domain} has no interface ${mac}`);
      kernel.removeLink(tap);
      const without = <T>(list: readonly T[]) => list.filter((_, i) => i !== at);
      setRunning({ vm: { ...vm, interfaces: without(vm.interfaces) }, taps: without(taps), pid });
    },
    setMetadata(domain, metadata) {
      const running = runningDomain(domain);
      const { metadata: _, ...rest } = running.vm;
      setRunning({ ...running, vm: metadata === undefined ? rest : { ...rest, metadata } });
    },
    setVlan(domain, mac, vlan) {
      const { vm, taps, pid } = runningDomain(domain);
      const at = vm.interfaces.findIndex((nic) => nic.mac === mac);
      const [nic, tap] = [vm.interfaces[at], taps[at]];
      if (!nic || tap === undefined) throw new Error(`simulated host: domain ${domain} has no interface ${mac}`);
      kernel.setMaster(tap, undefined);
      kernel.setMaster(tap, nic.bridge);
      if (vlan) setupVlans(kernel, tap, vlan);
      const { vlan: _, ...rest } = nic;
      setRunning({ vm: { ...vm, interfaces: vm.interfaces.with(at, vlan ? { ...rest, vlan } : rest) }, taps, pid });
    },
    running: () => [...active.keys()].sort(),
    processExists: (pid) => [...active.values()].some((running) => running.pid === pid),
    taps: (domain) => runningDomain(domain).taps,
  };
}
