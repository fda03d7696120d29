// The machine as the hook needs it, by node's own modules alone: a VM's start waits for everything that is loaded here.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { JournalFields } from '../../model/journal.ts';
import { orUndefined } from '../../model/snapshot.ts';
import type { Host } from '../host.ts';
import { files, processExists, sinceStart } from './files.ts';
import { createIproute2 } from './iproute2/bridges.ts';
import { renderEntry } from './journal-write.ts';
import { runs } from './live-domain.ts';
import type { Processes, RunOptions, RunResult } from './processes.ts';

// What a command may print: the VLAN tables of 10,000 ports have 2 MB.
const MAX_OUTPUT = 64 * 1024 * 1024;

// As long to load as a program to start, so only where it is used.
const childProcess = () => process.getBuiltinModule('node:child_process');

/** What the hook needs of the host. */
export interface HookHost extends Pick<Host, 'now' | 'monotonic' | 'bridges' | 'stat' | 'readText'> {
  readonly domains: Pick<Host['domains'], 'runs'>;
}

/** The host for one call. `endMs`: a command that still runs so long after this process began is killed. */
export function createHookHost(endMs: number): HookHost {
  const run: Processes['run'] = async (command, args, options) =>
    runNow(command, args, {
      ...options,
      // spawnSync takes whole milliseconds, and 0 for no limit.
      timeoutMs: Math.min(options.timeoutMs, Math.max(1, Math.ceil(endMs - sinceStart()))),
    });
  const follow = () => {
    throw new Error('the hook follows nothing');
  };
  const domains = { runs: (name: string) => runs({ ...files, processExists }, name) };
  return { ...files, domains, bridges: createIproute2({ ...files, run, follow }) };
}

/** One file that nothing depends on but time: without it the next call takes longer. */
export interface KeptFile {
  /** undefined where nothing is kept. Never throws. */
  read(): string | undefined;
  /** Never throws. */
  write(text: string): void;
}

/** Written at once or not at all, for hooks that read meanwhile. Its folder is root's own. */
export function keptFile(path: string): KeptFile {
  return {
    read: () => orUndefined(() => readFileSync(path, 'utf8')),
    write: (text) => {
      const temporary = `${path}.${process.pid}`;
      orUndefined(() => {
        mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
        writeFileSync(temporary, text, { mode: 0o600 });
        renameSync(temporary, path);
      });
      // Where it was not renamed.
      orUndefined(() => rmSync(temporary));
    },
  };
}

/** Removes the files of a folder and returns their texts, in the order of their names. Throws Error where it cannot be read. */
export function takeFiles(folder: string): readonly string[] {
  return readdirSync(folder)
    .sort()
    .map((name) => {
      const text = readFileSync(`${folder}/${name}`, 'utf8');
      rmSync(`${folder}/${name}`);
      return text;
    });
}

/** All of stdin. Throws Error. */
export function readStdin(): string {
  return readFileSync(0, 'utf8');
}

/**
 * A text that is another one whenever the file is: not by its time, which npm and dpkg set as they like, but by when the kernel
 * saw it change.
 */
export function fileIdentity(path: string): string {
  const { ino, ctimeMs, size } = statSync(path);
  return `${path} ${ino} ${ctimeMs} ${size}`;
}

/** Prints journal entries for hook.sh, which writes them when libvirt has its answer. Never throws. */
export function printEntries(entries: readonly JournalFields[]): void {
  orUndefined(() => writeFileSync(1, entries.map((entry) => `${renderEntry(entry)}\n`).join('')));
}

/** Runs a program with this one's files. Returns its exit status, 1 where it could not be started. `more`: for its environment. */
export function runInPlace(command: string, args: readonly string[], more: NodeJS.ProcessEnv): number {
  const { status } = childProcess().spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, ...more } });
  return status ?? 1;
}

// Synchronous: what node loads for an asynchronous child takes longer than the command itself.
function runNow(command: string, args: readonly string[], { input = '', timeoutMs }: RunOptions): RunResult {
  const { error, status, signal, stdout, stderr } = childProcess().spawnSync(command, args, {
    input,
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
    maxBuffer: MAX_OUTPUT,
  });
  const lastLine = stderr?.trim().split('\n').at(-1);
  const problem = status === 0 ? undefined : status === null ? whyKilled(error, signal) : `exit ${status}: ${lastLine}`;
  return {
    stdout: stdout ?? '',
    stderr: stderr ?? '',
    exitCode: status ?? undefined,
    problem: problem && `${command} ${args.join(' ')}: ${problem}`,
  };
}

function whyKilled(error: NodeJS.ErrnoException | undefined, signal: NodeJS.Signals | null): string {
  if (error?.code === 'ENOENT') return 'no such program in PATH';
  if (error?.code === 'ETIMEDOUT') return 'timed out';
  return error?.message ?? `ended by ${signal}`;
}
