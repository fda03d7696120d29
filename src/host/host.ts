// The only door to the machine. The real host (host/real.ts) and the simulated one (sim/) stand behind it; nothing else in
// the program touches files of the kernel or of libvirt, or starts a process.
// Files are read synchronously: they are small and in memory (sysfs, tmpfs) or local, and a thousand asynchronous reads of
// sysfs cost several times the reads themselves.

import type { VlanChange } from '../model/plan.ts';
import type { Bridge } from '../model/snapshot.ts';
import type { VlanTable } from '../model/vlan.ts';

export interface FileStat {
  readonly ino: number;
  readonly mtimeMs: number;
  /** Bytes. */
  readonly size: number;
  /** A regular file: anything else (a fifo would block) is not to be read. */
  readonly isFile: boolean;
  /** Permission bits, as 0o755; undefined on a host that has none. */
  readonly mode?: number;
  /** The owner's user id; undefined on a host that has none. */
  readonly uid?: number;
}

export interface RunOptions {
  readonly input?: string;
  /** Milliseconds until the process is killed. */
  readonly timeoutMs: number;
}

/** What became of a process. Never thrown: a non-zero exit, a signal, a timeout, a missing program are all results. */
export interface RunResult {
  readonly stdout: string;
  readonly stderr: string;
  /** undefined where it did not run or was killed; then `problem` says why. */
  readonly exitCode: number | undefined;
  /** undefined on exit 0, else one line for people: what failed, and how. */
  readonly problem: string | undefined;
}

/** A running watch or process. `stop` is idempotent. */
export interface Handle {
  stop(): void;
}

export interface FollowEvents {
  /** One line of stdout, without its newline. */
  line(text: string): void;
  /** It ended by itself, once, and why (exit status and the end of stderr). Not called after `stop`. */
  end(problem: string): void;
}

/** `holder`: who has the lock, as it says itself; nobody checks that. */
export type Locking =
  | { readonly held: true; release(): Promise<void> }
  | { readonly held: false; readonly holder: string };

/** What was read of the bridges, at one moment. */
export interface BridgesRead {
  /** Those of the named ones that exist, in the order of the names. */
  readonly bridges: readonly Bridge[];
  /** By port name, of all bridges, and the bridges' own; a port without any VLAN is not in it. */
  readonly vlans: ReadonlyMap<string, VlanTable>;
}

export interface ChangesMade {
  /** What the kernel said of those that it refused, for people. */
  readonly refused: ReadonlyMap<VlanChange, string>;
  /** Those whose answer did not come: they may be done or not. In their order. */
  readonly unanswered: readonly VlanChange[];
}

/** The bridges without a process in between. undefined: not this time, bridge(8) is to be asked. */
export interface KernelBridges {
  /** What is asked now. */
  via(): 'netlink' | 'iproute2';
  read(names: readonly string[]): BridgesRead | undefined;
  /** Makes the changes, in their order, of ports as they were when last read. */
  change(changes: readonly VlanChange[]): ChangesMade | undefined;
}

export interface Host {
  /** The time of day, milliseconds since the epoch: for times that people read. */
  now(): number;
  /** Milliseconds of a clock that nobody sets: for every duration, wait and age. */
  monotonic(): number;
  /** undefined where there is no such file. Throws Error where it cannot be told (permission). */
  stat(path: string): FileStat | undefined;
  /** UTF-8 text. Throws Error (with `code`, as ENOENT or EACCES) where it cannot be read. */
  readText(path: string): string;
  /** Names in a folder, sorted; undefined where there is no such folder. Throws Error where it cannot be read. */
  list(path: string): readonly string[] | undefined;
  /** Whether there is a process of this id; undefined where it cannot be told, as in a container that sees its own processes only. */
  processExists(pid: number): boolean | undefined;
  run(command: string, args: readonly string[], options: RunOptions): Promise<RunResult>;
  /** undefined where the process has no socket to the kernel: then bridge(8) and sysfs are asked. */
  readonly bridges?: KernelBridges | undefined;
  /** Starts a process that goes on, as `ip monitor link`. */
  follow(command: string, args: readonly string[], events: FollowEvents): Handle;
  /** Calls `changed` at each change of an entry of a folder. Throws Error where the folder cannot be watched. `failed`: the watch ended by itself. */
  watch(path: string, changed: (name: string | undefined) => void, failed: (problem: string) => void): Handle;
}
