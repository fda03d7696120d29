// A Host made of a table of files and a table of command answers: for tests of one reader. The simulated host (src/host/sim) is
// for everything that needs a bridge that behaves.
import type { FileStat, Host } from '../../src/host/host.ts';
import { createDomains } from '../../src/host/linux/domains.ts';
import { createIproute2 } from '../../src/host/linux/iproute2/bridges.ts';
import { createJournal } from '../../src/host/linux/journalctl.ts';
import type { Processes, RunResult } from '../../src/host/linux/processes.ts';

export interface MemoryFile {
  readonly text: string;
  readonly ino?: number;
  readonly isFile?: boolean;
  readonly size?: number;
  /** The errno that reading it ends with. */
  readonly error?: string;
}

export interface MemoryHost extends Host, Processes {
  processExists(pid: number): boolean;
  readonly files: Map<string, MemoryFile>;
  /** By command line. */
  readonly answers: Map<string, Partial<RunResult>>;
  /** Paths whose text was read, in order. */
  readonly reads: string[];
  readonly deadProcesses: Set<number>;
}

export function memoryHost(files: Record<string, string | MemoryFile> = {}): MemoryHost {
  const host: Omit<MemoryHost, 'bridges' | 'domains' | 'journal'> = {
    files: new Map(
      Object.entries(files).map(([path, file]) => [path, typeof file === 'string' ? { text: file } : file]),
    ),
    answers: new Map(),
    reads: [],
    deadProcesses: new Set(),
    now: () => 0,
    monotonic: () => 0,
    stat: (path): FileStat | undefined => {
      const file = host.files.get(path);
      if (!file) return isFolder(host, path) ? { ino: 1, mtimeMs: 0, size: 0, isFile: false } : undefined;
      return { ino: file.ino ?? 1, mtimeMs: 0, size: file.size ?? file.text.length, isFile: file.isFile ?? true };
    },
    readText: (path) => {
      host.reads.push(path);
      const file = host.files.get(path);
      if (!file) throw errno('ENOENT', path);
      if (file.error) throw errno(file.error, path);
      return file.text;
    },
    list: (path) => {
      if (host.files.get(path)?.error) throw errno(host.files.get(path)?.error ?? '', path);
      if (!isFolder(host, path)) return undefined;
      const names = [...host.files.keys()].filter((p) => p.startsWith(`${path}/`)).map((p) => p.slice(path.length + 1));
      return [...new Set(names.map((name) => name.split('/')[0] ?? ''))].filter((name) => name !== '.').sort();
    },
    processExists: (pid) => !host.deadProcesses.has(pid),
    replaceFile: (path, text) => void host.files.set(path, { text }),
    removeFile: (path) => void host.files.delete(path),
    run: async (command, args) => {
      const line = [command, ...args].join(' ');
      const answer = host.answers.get(line) ?? { problem: `${line}: no such program in PATH` };
      return { stdout: '', stderr: '', exitCode: answer.problem ? undefined : 0, problem: undefined, ...answer };
    },
    follow: () => ({ stop() {} }),
    watch: () => ({ stop() {} }),
  };
  return { ...host, bridges: createIproute2(host), domains: createDomains(host), journal: createJournal(host) };
}

function isFolder(host: Pick<MemoryHost, 'files'>, path: string): boolean {
  return [...host.files.keys()].some((p) => p.startsWith(`${path}/`));
}

function errno(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
