// The files of the simulated host: domain XML and whatever a test puts there. A write replaces the file, as libvirt's own
// (temporary file, then rename): a new inode, a new time. Folders can be watched.
import { basename, dirname } from 'node:path';
import type { FileStat, Handle } from '../host.ts';

export interface Files {
  write(path: string, text: string): void;
  /** True where it was there. */
  remove(path: string): boolean;
  makeFolder(path: string): void;
  /** undefined where there is no such file or folder. */
  stat(path: string): FileStat | undefined;
  /** undefined where there is no such file. */
  read(path: string): string | undefined;
  /** Sorted; undefined where there is no such folder. */
  list(path: string): readonly string[] | undefined;
  watch(path: string, changed: (name: string) => void): Handle;
}

/** `now`: milliseconds since the epoch, for modification times. */
export function createFiles(now: () => number): Files {
  const files = new Map<string, { text: string; stat: FileStat }>();
  /** When an entry of each was made, replaced or removed last. */
  const folders = new Map<string, number>([['/', 0]]);
  const watchers = new Map<string, Set<(name: string) => void>>();
  let lastInode = 1000;

  const makeFolder = (path: string) => {
    for (let at = path; !folders.has(at); at = dirname(at)) folders.set(at, now());
  };
  const tell = (path: string) => {
    folders.set(dirname(path), now());
    for (const changed of watchers.get(dirname(path)) ?? []) queueMicrotask(() => changed(basename(path)));
  };

  return {
    makeFolder,
    write(path, text) {
      makeFolder(dirname(path));
      lastInode += 1;
      const stat = { ino: lastInode, mtimeMs: now(), size: Buffer.byteLength(text), isFile: true };
      files.set(path, { text, stat });
      tell(path);
    },
    remove(path) {
      const was = files.delete(path);
      if (was) tell(path);
      return was;
    },
    stat(path) {
      const mtimeMs = folders.get(path);
      if (mtimeMs !== undefined) return { ino: 1, mtimeMs, size: 4096, isFile: false };
      return files.get(path)?.stat;
    },
    read: (path) => files.get(path)?.text,
    list(path) {
      if (!folders.has(path)) return undefined;
      return [...files.keys(), ...folders.keys()]
        .filter((at) => at !== '/' && dirname(at) === path)
        .map((at) => basename(at))
        .sort();
    },
    watch(path, changed) {
      const set = watchers.get(path) ?? new Set();
      watchers.set(path, set.add(changed));
      return { stop: () => void set.delete(changed) };
    },
  };
}
