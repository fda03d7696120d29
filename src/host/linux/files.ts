// The clock and the files of this machine, by node:fs alone: the part of the host that the hook shares with the daemons.
import {
  closeSync,
  constants,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  type Stats,
  statSync,
} from 'node:fs';
import type { FileStat, Host } from '../host.ts';

/** Where libvirt keeps the live XML of running domains, `NAME.xml`. */
export const LIVE_FOLDER = '/run/libvirt/qemu';

/**
 * Milliseconds since this process began. Not performance.now(): what node loads at its first use takes 2 ms, for which a VM's start
 * waits.
 */
export const sinceStart = () => 1000 * process.uptime();

export const files: Pick<Host, 'now' | 'monotonic' | 'stat' | 'readText' | 'list'> = {
  now: () => Date.now(),
  monotonic: sinceStart,
  stat: (path) => absent(() => toStat(statSync(path))),
  readText,
  list: (path) => absent(() => readdirSync(path).sort()),
};

const chunk = Buffer.alloc(4096);

// Three system calls for a small file, where readFileSync makes five: a snapshot reads one file of sysfs for each port.
function readText(path: string): string {
  // Non-blocking: to open a fifo would else wait for a writer.
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const length = readSync(fd, chunk, 0, chunk.length, 0);
    return length < chunk.length ? chunk.toString('utf8', 0, length) : readFileSync(fd, 'utf8');
  } finally {
    closeSync(fd);
  }
}

// The number that the kernel gives the first namespace of processes (PROC_PID_INIT_INO, include/linux/proc_ns.h).
const FIRST_NAMESPACE = 'pid:[4026531836]';
let seesAll: boolean | undefined;

// By kill(2) with signal 0, which needs no /proc of other users. In another namespace, numbers of the host's mean nothing.
/** Whether there is a process of this id; undefined where it cannot be told, as in a container that sees its own processes only. */
export function processExists(pid: number): boolean | undefined {
  seesAll ??= absent(() => readlinkSync('/proc/self/ns/pid')) === FIRST_NAMESPACE;
  if (!seesAll) return undefined;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ESRCH' ? false : code === 'EPERM' ? true : undefined;
  }
}

function toStat(stat: Stats): FileStat {
  const { ino, mtimeMs, ctimeMs, size, uid } = stat;
  return { ino, mtimeMs, ctimeMs, size, isFile: stat.isFile(), mode: stat.mode & 0o7777, uid };
}

function absent<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
