// The simulated host: a Host whose bridges really keep a VLAN table, with handles to do to it what happens to real hosts.
// Serves `demo` and tests.

import type { VlanTable } from '../../model/vlan.ts';
import type { Host } from '../host.ts';
import { createDomains } from '../linux/domains.ts';
import { createSimBridges } from './bridges.ts';
import { createSimDomains, type SimDomains } from './domains.ts';
import { createFiles } from './files.ts';
import { createSimJournal, type SimJournal } from './journal.ts';
import { createKernel, type Kernel } from './kernel.ts';

export interface SimHost extends Host, SimDomains {
  readonly kernel: Kernel;
  readonly journal: SimJournal;
  addBridge(name: string, options?: { readonly filtering?: boolean; readonly defaultPvid?: number }): void;
  /** A physical interface as a port of a bridge. */
  addUplink(name: string, bridge: string): void;
  /** The port leaves its bridge and comes back: only the default PVID is left. */
  wipe(port: string): void;
  /** Makes a port's VLAN table exactly this. */
  setTable(port: string, table: VlanTable): void;
  writeFile(path: string, text: string): void;
  /** From now on reading this path throws EACCES; undefined again lifts it. */
  forbid(path: string, forbidden?: boolean): void;
  /** Ends all that watches links or follows the journal, as if its process was killed. */
  killFollowers(problem?: string): void;
}

export interface SimClock {
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** The same clock where it is left out and `now` is not: a clock that is set needs both. */
  readonly monotonic?: () => number;
}

/** An empty host with libvirt's folders. */
export function createSimHost(clock: SimClock = {}): SimHost {
  const { now = Date.now, monotonic = clock.now ?? (() => performance.now()) } = clock;
  const files = createFiles(now);
  const journal = createSimJournal(now);
  const watches = new Set<{ changed(): void; ended(problem: string): void }>();
  const kernel = createKernel(() => {
    for (const watch of watches) queueMicrotask(() => watches.has(watch) && watch.changed());
  });
  const bridges = createSimBridges(kernel, monotonic, (changed, ended) => {
    const watch = { changed, ended };
    watches.add(watch);
    return { stop: () => void watches.delete(watch) };
  });
  const vms = createSimDomains(kernel, files);
  const forbidden = new Set<string>();

  kernel.addLink('lo', 'device', '00:00:00:00:00:00');

  const deny = (path: string) => {
    if (forbidden.has(path)) throw fileError('EACCES', 'permission denied', path);
  };

  const reading: Pick<Host, 'stat' | 'readText' | 'list'> = {
    stat(path) {
      deny(path);
      return files.stat(path);
    },
    readText(path) {
      deny(path);
      const text = files.read(path);
      if (text === undefined) throw fileError('ENOENT', 'no such file or directory', path);
      return text;
    },
    list(path) {
      deny(path);
      return files.list(path);
    },
  };

  return {
    ...vms,
    ...reading,
    domains: createDomains({ ...reading, now, monotonic, processExists: vms.processExists }),
    bridges,
    kernel,
    journal,
    now,
    monotonic,
    watch(path, changed) {
      deny(path);
      if (files.list(path) === undefined) throw fileError('ENOENT', 'no such file or directory', path);
      return files.watch(path, changed);
    },

    addBridge(name, { filtering = true, defaultPvid = 1 } = {}) {
      kernel.addLink(name, 'bridge', '52:54:00:00:00:00');
      kernel.setDefaultPvid(name, defaultPvid);
      kernel.setFiltering(name, filtering);
    },
    addUplink(name, bridge) {
      kernel.addLink(name, 'device', '3c:ec:ef:00:00:01');
      kernel.setMaster(name, bridge);
    },
    wipe(port) {
      const bridge = kernel.links.get(port)?.master;
      if (bridge === undefined) throw new Error(`simulated host: ${port} is no port`);
      kernel.setMaster(port, undefined);
      kernel.setMaster(port, bridge);
    },
    setTable(port, table) {
      const link = kernel.links.get(port);
      if (!link) throw new Error(`simulated host: no link ${port}`);
      const request = { link, self: link.kind === 'bridge', master: false };
      const all = { action: 'delete', first: 1, last: 4094, pvid: false, untagged: false } as const;
      kernel.changeVlans({ ...request, ...all });
      for (const run of table) kernel.changeVlans({ ...request, action: 'add', ...run });
    },
    writeFile: files.write,
    replaceFile: files.write,
    removeFile: (path) => void files.remove(path),
    forbid(path, on = true) {
      if (on) forbidden.add(path);
      else forbidden.delete(path);
    },
    killFollowers(problem = 'killed by SIGKILL') {
      for (const watch of [...watches]) {
        watches.delete(watch);
        queueMicrotask(() => watch.ended(problem));
      }
      journal.killFollowers(problem);
    },
  };
}

function fileError(code: string, text: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${text}, '${path}'`), { code });
}
