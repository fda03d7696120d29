// The hook's file in libvirt's folders: found, written, removed.
import {
  chmodSync,
  chownSync,
  mkdirSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { OperatorError } from '../../model/mistake.ts';
import type { Host } from '../host.ts';
import { findHookFiles, HOOK_FOLDER, type Installation } from './hook-files.ts';
import { type Processes, processes } from './processes.ts';

/** The hook as it is on this host. Rejects where that cannot be told. */
export async function readInstallation(host: Host, run: Processes['run'] = processes.run): Promise<Installation> {
  const exists = (path: string) => host.stat(path) !== undefined;
  return { files: findHookFiles(host), libvirt: await libvirtVersion(run), exists };
}

// Asks the daemon's program, not the daemon.
async function libvirtVersion(run: Processes['run']): Promise<readonly number[] | undefined> {
  for (const program of ['/usr/sbin/libvirtd', '/usr/sbin/virtqemud']) {
    const { stdout } = await run(program, ['--version'], { timeoutMs: 10_000 });
    const version = /(\d+)\.(\d+)\.(\d+)/.exec(stdout);
    if (version) return version.slice(1).map(Number);
  }
  return undefined;
}

/** What runs now: node, and a file beside its main script. Links are followed. */
export function runningProgram(fileBeside: string): { readonly node: string; readonly script: string } {
  const folder = dirname(realpathSync(process.argv[1] ?? ''));
  return { node: realpathSync(process.execPath), script: join(folder, fileBeside) };
}

/** By rename: libvirt never sees half a script. `since`: its modification time, see HookFile; undefined for now. Throws OperatorError. */
export function writeHookFile(path: string, script: string, since?: number): void {
  tried(path, 'written', () => {
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    const temporary = `${dirname(dirname(path))}/.libvirt-vlan-exporter.new`;
    writeFileSync(temporary, script);
    chmodSync(temporary, 0o755);
    if (process.getuid?.() === 0) chownSync(temporary, 0, 0);
    if (since !== undefined) utimesSync(temporary, since / 1000, since / 1000);
    renameSync(temporary, path);
  });
}

/** With the folder `qemu.d`, where nothing else is in it: it came with the hook. Throws OperatorError. */
export function removeHookFile(path: string): void {
  tried(path, 'removed', () => rmSync(path));
  const folder = dirname(path);
  if (basename(folder) !== basename(HOOK_FOLDER)) return;
  try {
    rmdirSync(folder);
  } catch {
    // Others have hooks there.
  }
}

function tried(path: string, what: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    const hint = process.getuid?.() === 0 ? '' : '; run it as root';
    throw new OperatorError(`${path} cannot be ${what}: ${(error as Error).message}${hint}`, { cause: error });
  }
}
