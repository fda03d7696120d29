// The simulated host with its bridges and its journal asked by programs, as on a real one: iproute2's and journalctl's text goes both
// ways, and commands can be counted, sabotaged and listened to. A command or argument that is not modelled fails loudly.
import type { FollowEvents, Handle } from '../../src/host/host.ts';
import { createIproute2 } from '../../src/host/linux/iproute2/bridges.ts';
import { createJournal } from '../../src/host/linux/journalctl.ts';
import type { Processes, RunResult } from '../../src/host/linux/processes.ts';
import type { SimHost } from '../../src/host/sim/host.ts';
import { type CommandResult, runBridge } from './programs/bridge.ts';
import { followJournal, parseFields, queryJournal } from './programs/journalctl.ts';
import { isSysfs, listSysfs, readSysfs } from './programs/sysfs.ts';

/** What becomes of a command instead of its work. `hang`: it is killed at its time limit. */
export type Sabotage = 'hang' | 'missing' | { readonly exitCode: number; readonly stderr: string };

export interface ProgramsHost extends SimHost, Processes {
  /** The next `times` commands whose `command args…` line `fits` end as told; undefined `times` = until `repair`. */
  sabotage(fits: (line: string, input: string) => boolean, how: Sabotage, times?: number): void;
  /** Called after a command ran, before its caller learns of it: for what happens on a host meanwhile. */
  onRun(listener: ((line: string) => void) | undefined): void;
  repair(): void;
  /** The command lines that ran, oldest first. */
  readonly commands: readonly string[];
}

/** `wrap`: stands between the host and its programs. */
export function onPrograms(
  sim: SimHost,
  wrap: (run: Processes['run']) => Processes['run'] = (run) => run,
): ProgramsHost {
  const { kernel, journal } = sim;
  const commands: string[] = [];
  let sabotages: { fits: (line: string, input: string) => boolean; how: Sabotage; left: number }[] = [];
  let ranListener: ((line: string) => void) | undefined;

  const command = (name: string, args: readonly string[], input: string): CommandResult | undefined => {
    if (name === 'bridge') return runBridge(kernel, args, input);
    if (name === 'logger' && args.length === 1 && args[0] === '--journald') {
      journal.append({ ...parseFields(input), _COMM: 'logger' });
      return { stdout: '', stderr: '', exitCode: 0 };
    }
    if (name === 'journalctl') return { stdout: queryJournal(journal, args), stderr: '', exitCode: 0 };
    return undefined;
  };
  const run: Processes['run'] = async (name, args, { input = '', timeoutMs }) => {
    const line = [name, ...args].join(' ');
    commands.push(line);
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
  };
  const follow: Processes['follow'] = (name, args, events) => {
    const line = [name, ...args].join(' ');
    if (line === 'ip monitor link')
      return sim.bridges.watch(() => events.line('7: vnet7: <BROADCAST,MULTICAST,UP,LOWER_UP> …'), events.end);
    try {
      if (name === 'journalctl') return followJournal(journal, args, events);
    } catch (error) {
      return endAtOnce(events, (error as Error).message);
    }
    return endAtOnce(events, `simulated host: not modelled: ${line}`);
  };
  const files: Pick<SimHost, 'stat' | 'readText' | 'list'> = {
    stat: (path) => {
      const stat = sim.stat(path);
      if (!isSysfs(path)) return stat;
      if (listSysfs(kernel, path)) return { ino: 1, mtimeMs: 0, size: 0, isFile: false };
      return readSysfs(kernel, path) === undefined ? undefined : { ino: 1, mtimeMs: 0, size: 4096, isFile: true };
    },
    // What is forbidden throws.
    readText: (path) =>
      (isSysfs(path) && sim.stat(path) === undefined && readSysfs(kernel, path)) || sim.readText(path),
    list: (path) => sim.list(path) ?? (isSysfs(path) ? listSysfs(kernel, path) : undefined),
  };
  // Late, so that a test may put others in their place.
  const processes: Processes = { run: (...call) => host.run(...call), follow: (...call) => host.follow(...call) };
  const host: ProgramsHost = {
    ...sim,
    ...files,
    run: wrap(run),
    follow,
    bridges: createIproute2({ ...files, ...processes, monotonic: sim.monotonic }),
    journal: { ...journal, ...createJournal(processes) },
    commands,
    sabotage: (fits, how, times = Number.POSITIVE_INFINITY) => void sabotages.push({ fits, how, left: times }),
    onRun: (listener) => {
      ranListener = listener;
    },
    repair: () => {
      sabotages = [];
    },
  };
  return host;
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
