// The real machine behind the Host interface.
import { rmSync, watch } from 'node:fs';
import type { Host } from '../host.ts';
import { preferNetlink } from './bridges.ts';
import { createDomains } from './domains.ts';
import { files, processExists } from './files.ts';
import { createIproute2 } from './iproute2/bridges.ts';
import { createJournal } from './journalctl.ts';
import type { KernelBridges } from './netlink/kernel-bridges.ts';
import { processes } from './processes.ts';
import { replaceFile } from './replace-file.ts';

/** This machine. `netlink`: its bridges by a socket, where there is one. */
export function createHost(netlink?: KernelBridges): Host {
  const iproute2 = createIproute2({ ...files, ...processes });
  return {
    ...files,
    bridges: netlink ? preferNetlink(netlink, iproute2, files.monotonic) : iproute2,
    domains: createDomains({ ...files, processExists }),
    journal: createJournal(processes),
    replaceFile,
    removeFile: (path) => rmSync(path, { force: true }),
    watch: (path, changed, failed) => {
      const watcher = watch(path, (_event, name) => changed(name ?? undefined));
      watcher.on('error', (error) => failed(error.message));
      return { stop: () => watcher.close() };
    },
  };
}
