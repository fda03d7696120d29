// The clock and the files of this machine, by node:fs alone: the part of the host that the hook shares with the daemons.
import { closeSync, openSync, readdirSync, readFileSync, readSync, type Stats, statSync } from 'node:fs';
import type { FileStat, Host } from '../host.ts';

/** Where libvirt keeps the live XML of running domains, `NAME.xml`. */
export const LIVE_FOLDER = '/run/libvirt/qemu';

export const files: Pick<Host, 'now' | 'stat' | 'readText' | 'list'> = {
  now: () => Date.now(),
  stat: (path) => absent(() => toStat(statSync(path))),
  readText,
  list: (path) => absent(() => readdirSync(path).sort()),
};

const chunk = Buffer.alloc(4096);

// Three system calls for a small file, where readFileSync makes five: a snapshot reads one file of sysfs for each port.
function readText(path: string): string {
  const fd = openSync(path, 'r');
  try {
    const length = readSync(fd, chunk, 0, chunk.length, 0);
    return length < chunk.length ? chunk.toString('utf8', 0, length) : readFileSync(path, 'utf8');
  } finally {
    closeSync(fd);
  }
}

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
