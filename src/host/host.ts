// The only door to the machine. This machine (linux/) and the simulated one (sim/) stand behind it; nothing else in the program
// opens a file of the machine or starts a process.
// Files are read synchronously: they are small and in memory (sysfs, tmpfs) or local, and a thousand asynchronous reads of
// sysfs cost several times the reads themselves.

import type { JournalFields } from '../model/journal.ts';
import type { KernelInterface } from '../model/kernel-interface.ts';
import type { Change } from '../model/plan.ts';
import type { Bridge, CollectorRun, Domain, Fdb, Reading, Snapshot } from '../model/snapshot.ts';
import type { VlanTable } from '../model/vlan.ts';

export interface FileStat {
  readonly ino: number;
  readonly mtimeMs: number;
  /** When the kernel last saw it change; undefined on a host that does not tell. */
  readonly ctimeMs?: number;
  /** Bytes. */
  readonly size: number;
  /** A regular file: anything else (a fifo would block) is not to be read. */
  readonly isFile: boolean;
  /** Permission bits, as 0o755; undefined on a host that has none. */
  readonly mode?: number;
  /** The owner's user id; undefined on a host that has none. */
  readonly uid?: number;
}

/** A running watch or process. `stop` is idempotent. */
export interface Handle {
  stop(): void;
}

export interface FollowEvents {
  /** One line, without its newline. */
  line(text: string): void;
  /** It ended by itself, once, and why. Not called after `stop`. */
  end(problem: string): void;
}

/** `holder`: who has the lock, as it says itself; nobody checks that. `problem`: why nobody can take it now, for people. */
export type Locking =
  | { readonly held: true; release(): Promise<void> }
  | { readonly held: false; readonly holder: string }
  | { readonly held: false; readonly problem: string };

/** All VLAN tables of the host by port name, the bridges' own included; a port without any VLAN is not in it. */
export type VlanTables = ReadonlyMap<string, VlanTable>;

/** What is there after the changes, and what is known to have failed. */
export interface ChangesMade {
  /** What the kernel or bridge(8) said of each change that failed, for people. It is a hint: what was read afterwards decides. */
  readonly failures: ReadonlyMap<Change, string>;
  readonly vlans: Reading<VlanTables>;
  /** Names of the ports of each bridge, read last: a port that is here and not in the tables has no VLAN. */
  readonly ports: Reading<ReadonlyMap<string, ReadonlySet<string>>>;
  /** undefined where it was not asked for. */
  readonly fdb: Reading<Fdb> | undefined;
}

/** What has to hold of a bridge for a change of its ports to mean anything. */
export interface Standing {
  /** undefined where it cannot be told. */
  readonly vlanFiltering: boolean | undefined;
  /** Names. */
  readonly ports: ReadonlySet<string>;
}

/** A port of a bridge, by their names. */
export interface PortOf {
  readonly bridge: string;
  readonly port: string;
}

/** What is to be read after changes, beside the VLAN tables. */
export interface ReadBack {
  /** The ports of these bridges. */
  readonly ports: readonly string[];
  /** The static FDB entries of these ports. */
  readonly fdb: readonly PortOf[];
}

/** The Linux bridges of the machine. Nothing here throws or rejects for what the host says, but for `list`. */
export interface Bridges {
  /** How the kernel is asked now. */
  via(): KernelInterface;
  /** Names of all bridges, sorted. Throws Error where it cannot be told. */
  list(): readonly string[];
  /** The named bridges that exist, in the order of the names, with their ports. `only`: with these ports and no others. */
  links(names: readonly string[], only?: ReadonlySet<string>): Reading<readonly Bridge[]>;
  /** The named bridges that exist, by name: much cheaper than `links`. */
  standing(names: readonly string[]): Reading<ReadonlyMap<string, Standing>>;
  /** As `links`, and the VLAN tables beside it, with how long each took. */
  read(names: readonly string[], only?: ReadonlySet<string>): Promise<BridgesRead>;
  /**
   * Static FDB entries of these ports; one that is gone has none. Of no other port: what machines send is learned by all that learn,
   * and there may be a million of it.
   */
  fdb(ports: readonly PortOf[]): Promise<Reading<Fdb>>;
  /** Makes the changes, those of one port in their order, and then reads. */
  change(changes: readonly Change[], readBack: ReadBack): Promise<ChangesMade>;
  /** Calls `changed` at each change of a link or of VLANs. `ended`: it ended by itself, and why. */
  watch(changed: () => void, ended: (problem: string) => void): Handle;
}

export interface BridgesRead extends Pick<Snapshot, 'links' | 'vlans'> {
  readonly collectors: readonly CollectorRun[];
}

/** Which entries of the journal. */
export interface JournalQuery {
  /** Alternatives: all terms `FIELD=value` of one must fit; of terms of the same field, one. */
  readonly anyOf: readonly (readonly string[])[];
  /** Those that are needed. */
  readonly fields: readonly string[];
  readonly thisBoot?: boolean;
  /** Milliseconds since the epoch. */
  readonly since?: number;
  /** The last ones, at most so many. */
  readonly last?: number;
}

/** The system's journal. An entry is read as one line of JSON, as journalctl(1) has it with "-o json". */
export interface Journal {
  /** Oldest first. Never rejects. */
  read(query: JournalQuery, timeoutMs: number): Promise<Reading<readonly string[]>>;
  /** All entries from this cursor on, its own included, and then those that come. */
  follow(query: JournalQuery, from: string | undefined, events: FollowEvents): Handle;
  /** Resolves to a problem for people where it could not be written, else undefined; never rejects. */
  write(entry: JournalFields): Promise<string | undefined>;
}

/** libvirt's domains, from the files that it keeps. */
export interface Domains {
  /** All of them, sorted by name. Never rejects. */
  read(): Promise<Reading<readonly Domain[]>>;
  /** Something changed in libvirt's folders: the next `read` looks at every file again. */
  changed(): void;
  /**
   * What a running domain is in truth where its process is gone (libvirtd was down when it ended, and left its live XML);
   * undefined where it lives, or where that cannot be told.
   */
  died(domain: Domain): Domain | undefined;
  /** Whether libvirt keeps live XML of it; undefined where that cannot be told. */
  runs(name: string): boolean | undefined;
}

/** What it takes to read a file that is named. */
export type Files = Pick<Host, 'stat' | 'readText'>;

export interface Host {
  readonly bridges: Bridges;
  readonly domains: Domains;
  readonly journal: Journal;
  /** The time of day, milliseconds since the epoch: for times that people read. */
  now(): number;
  /** Milliseconds of a clock that nobody sets: for every duration, wait and age. */
  monotonic(): number;
  /** undefined where there is no such file. Throws Error where it cannot be told (permission). */
  stat(path: string): FileStat | undefined;
  /** Writes a file that is there whole or not at all. `durable`: it survives a power cut. Throws Error; then the former one is still there. */
  replaceFile(path: string, text: string, options: { readonly mode: number; readonly durable?: boolean }): void;
  /** Nothing happens where there is none. Throws Error. */
  removeFile(path: string): void;
  /** UTF-8 text. Throws Error (with `code`, as ENOENT or EACCES) where it cannot be read. */
  readText(path: string): string;
  /** Names in a folder, sorted; undefined where there is no such folder. Throws Error where it cannot be read. */
  list(path: string): readonly string[] | undefined;
  /** Calls `changed` at each change of an entry of a folder. Throws Error where the folder cannot be watched. `failed`: the watch ended by itself. */
  watch(path: string, changed: (name: string | undefined) => void, failed: (problem: string) => void): Handle;
}
