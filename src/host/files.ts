// The clock and the files of this machine, by node:fs alone: the part of the host that the hook shares with the daemons.
import { readdirSync, readFileSync, type Stats, statSync } from 'node:fs';
import type { FileStat, Host } from './host.ts';

export const files: Pick<Host, 'now' | 'stat' | 'readText' | 'list'> = {
  now: () => Date.now(),
  stat: (path) => absent(() => toStat(statSync(path))),
  readText: (path) => readFileSync(path, 'utf8'),
  list: (path) => absent(() => readdirSync(path).sort()),
};

function toStat(stat: Stats): FileStat {
  const { ino, mtimeMs, size, uid } = stat;
  return { ino, mtimeMs, size, isFile: stat.isFile(), mode: stat.mode & 0o7777, uid };
}

function absent<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
