// The simulated host: a Host whose bridges really keep a VLAN table, with handles to do to it what happens to real hosts.
// Serves `demo` and tests. A command or argument that it does not model fails loudly, never silently.

import type { VlanTable } from '../../model/vlan.ts';
import type { FollowEvents, Handle, Host, RunResult } from '../host.ts';
import { type CommandResult, runBridge } from './bridge-command.ts';
import { createSimBridges } from './bridges.ts';
import { createDomains, type Domains } from './domains.ts';
import { createFiles } from './files.ts';
import { createJournal, type Journal } from './journal.ts';
import { createKernel, type Kernel } from './kernel.ts';
import { isSysfs, listSysfs, readSysfs } from './sysfs.ts';

const MAX_COMMANDS = 1000;

/** What becomes of a command instead of its work. `hang`: it is killed at its time limit. */
export type Sabotage = 'hang' | 'missing' | { readonly exitCode: number; readonly stderr: string };

export interface SimHost extends Host, Domains {
  readonly kernel: Kernel;
  readonly journal: Journal;
  addBridge(name: string, options?: { readonly filtering?: boolean; readonly defaultPvid?: number }): void;
  /** A physical interface as a port of a bridge. */
  addUplink(name: string, bridge: string): void;
  /** The port leaves its bridge and comes back: only the default PVID is left. */
  wipe(port: string): void;
  /** Makes a port's VLAN table exactly this. */
  setTable(port: string, table: VlanTable): void;
  writeFile(path: string, text: string): void;
  removeFile(path: string): void;
  /** From now on reading this path throws EACCES; undefined again lifts it. */
  forbid(path: string, forbidden?: boolean): void;
  /** The next `times` commands whose `command args…` line `fits` end as told; undefined `times` = until `repair`. */
  sabotage(fits: (line: string, input: string) => boolean, how: Sabotage, times?: number): void;
  /** Called after a command ran, before its caller learns of it: for what happens on a host meanwhile. */
  onRun(listener: ((line: string) => void) | undefined): void;
  repair(): void;
  /** The last thousand command lines that ran, oldest first. */
  readonly commands: readonly string[];
  /** Ends all that watches links or follows a command, as if it was killed. */
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
  const journal = createJournal(now);
  const watches = new Set<{ changed(): void; ended(problem: string): void }>();
  const kernel = createKernel(() => {
    for (const watch of watches) queueMicrotask(() => watches.has(watch) && watch.changed());
  });
  const bridges = createSimBridges(kernel, monotonic, (changed, ended) => {
    const watch = { changed, ended };
    watches.add(watch);
    return { stop: () => void watches.delete(watch) };
  });
  const domains = createDomains(kernel, files);
  const forbidden = new Set<string>();
  const commands: string[] = [];
  let sabotages: { fits: (line: string, input: string) => boolean; how: Sabotage; left: number }[] = [];
  let ranListener: ((line: string) => void) | undefined;

  kernel.addLink('lo', 'device', '00:00:00:00:00:00');

  const deny = (path: string) => {
    if (forbidden.has(path)) throw fileError('EACCES', 'permission denied', path);
  };

  const command = (name: string, args: readonly string[], input: string): CommandResult | undefined => {
    if (name === 'bridge') return runBridge(kernel, args, input);
    if (name === 'logger' && args.length === 1 && args[0] === '--journald') {
      journal.appendLines(input);
      return { stdout: '', stderr: '', exitCode: 0 };
    }
    if (name === 'journalctl') return { stdout: journal.query(args), stderr: '', exitCode: 0 };
    return undefined;
  };

  return {
    ...domains,
    bridges,
    kernel,
    journal,
    commands,
    now,
    monotonic,
    stat(path) {
      deny(path);
      if (!isSysfs(path)) return files.stat(path);
      if (listSysfs(kernel, path)) return { ino: 1, mtimeMs: 0, size: 0, isFile: false };
      const text = readSysfs(kernel, path);
      return text === undefined ? undefined : { ino: 1, mtimeMs: 0, size: 4096, isFile: true };
    },
    readText(path) {
      deny(path);
      const text = isSysfs(path) ? readSysfs(kernel, path) : files.read(path);
      if (text === undefined) throw fileError('ENOENT', 'no such file or directory', path);
      return text;
    },
    list(path) {
      deny(path);
      return isSysfs(path) ? listSysfs(kernel, path) : files.list(path);
    },
    async run(name, args, { input = '', timeoutMs }) {
      const line = [name, ...args].join(' ');
      commands.push(line);
      // A demo runs for weeks.
      if (commands.length > MAX_COMMANDS) commands.shift();
      const saboteur = sabotages.find((s) => s.left > 0 && s.fits(line, input));
      if (saboteur) {
        saboteur.left -= 1;
        return sabotaged(saboteur.how, line, timeoutMs);
      }
      let result: RunResult;
      try {
        const done = command(name, args, input);
        result = done ? finished(line, done) : notRun(`${name}: simulated host: not modelled: ${line}`);
      } catch (error) {
        result = notRun(`${line}: ${(error as Error).message}`);
      }
      ranListener?.(line);
      return result;
    },
    follow(name, args, events) {
      const line = [name, ...args].join(' ');
      try {
        if (name === 'journalctl') return journal.follow(args, events);
      } catch (error) {
        return endAtOnce(events, (error as Error).message);
      }
      return endAtOnce(events, `simulated host: not modelled: ${line}`);
    },
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
    writeFile: (path, text) => files.write(path, text),
    removeFile: (path) => void files.remove(path),
    forbid(path, on = true) {
      if (on) forbidden.add(path);
      else forbidden.delete(path);
    },
    sabotage: (fits, how, times = Number.POSITIVE_INFINITY) => void sabotages.push({ fits, how, left: times }),
    onRun: (listener) => {
      ranListener = listener;
    },
    repair: () => {
      sabotages = [];
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

function finished(line: string, { stdout, stderr, exitCode }: CommandResult): RunResult {
  const problem = exitCode === 0 ? undefined : `${line}: exit status ${exitCode}: ${stderr.trim().split('\n').at(-1)}`;
  return { stdout, stderr, exitCode, problem };
}

function notRun(problem: string): RunResult {
  return { stdout: '', stderr: '', exitCode: undefined, problem };
}

async function sabotaged(how: Sabotage, line: string, timeoutMs: number): Promise<RunResult> {
  if (how === 'missing') return notRun(`${line}: no such program`);
  if (how !== 'hang') return finished(line, { stdout: '', ...how });
  await new Promise((resolve) => setTimeout(resolve, timeoutMs));
  return notRun(`${line}: killed after ${timeoutMs} ms`);
}

function endAtOnce(events: FollowEvents, problem: string): Handle {
  let stopped = false;
  queueMicrotask(() => stopped || events.end(problem));
  return {
    stop: () => {
      stopped = true;
    },
  };
}

function fileError(code: string, text: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${text}, '${path}'`), { code });
}
