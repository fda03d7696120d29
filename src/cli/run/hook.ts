// `hook install|uninstall|status`: looks at the host, writes or removes one file, tells what it found.
import { chownSync, mkdirSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, type Installation, placeFor, remarks } from '../../hook/installation.ts';
import { hookScript, pathsOf } from '../../hook/script.ts';
import type { Host } from '../../host/host.ts';
import { findHookFiles } from '../../host/linux/hook-files.ts';
import { createHost } from '../../host/linux/real.ts';

/** Beside dist/main.js. */
const HOOK_SCRIPT = 'hook/hook.sh';

/** Returns the exit status: 0 where it is installed. */
export async function runInstall(config: string): Promise<number> {
  const host = createHost();
  const before = await look(host);
  const place = placeFor(before);
  if ('problem' in place) return told([place.problem], 1);
  const script = join(dirname(realpathSync(process.argv[1] ?? '')), HOOK_SCRIPT);
  const paths = { node: realpathSync(process.execPath), script, config };
  const fresh = writeHook(place.path, hookScript(paths));
  const stale = before.files.filter((file) => file.kind === 'ours' && file.path !== place.path);
  for (const { path } of stale) rmSync(path);
  say(`${place.path} is installed.`);
  for (const { path } of stale) say(`${path}, an older installation of it, is removed.`);
  // libvirt looks for hooks when its daemon starts or reloads; an edited one needs nothing.
  if (fresh && before.files.length === 0)
    say('libvirt notices its first hook when it reloads: systemctl reload libvirtd (or virtqemud).');
  if (!host.stat(config)) say(`There is no ${config} yet; until there is, the hook only reports that.`);
  for (const remark of remarks(await look(host))) say(`Note: ${remark}.`);
  return 0;
}

export async function runUninstall(): Promise<number> {
  const ours = findHookFiles(createHost()).filter((file) => file.kind === 'ours');
  for (const { path } of ours) {
    rmSync(path);
    say(`${path} is removed.`);
  }
  if (ours.length === 0) say('The hook is not installed; nothing to remove.');
  return 0;
}

/** Returns the exit status: 0 where all is well, 1 where something is to be told. */
export async function runStatus(): Promise<number> {
  const installation = await look(createHost());
  const { files, libvirt } = installation;
  say(`libvirt ${libvirt?.join('.') ?? 'not found'}`);
  for (const file of files) {
    say(describe(file));
    const paths = pathsOf(file.text ?? '');
    if (paths) say(`  runs ${paths.script} with ${paths.node}, config ${paths.config}`);
  }
  const wrong = remarks(installation);
  return told(wrong, wrong.length === 0 ? 0 : 1);
}

/** The hook as it is on this host. */
export async function look(host: Host): Promise<Installation> {
  const files = findHookFiles(host).map((file) =>
    file.kind === 'ours' ? { ...file, text: host.readText(file.path) } : file,
  );
  return { files, libvirt: await libvirtVersion(host), exists: (path) => host.stat(path) !== undefined };
}

// Asks the daemon's program, not the daemon.
async function libvirtVersion(host: Host): Promise<readonly number[] | undefined> {
  for (const program of ['/usr/sbin/libvirtd', '/usr/sbin/virtqemud']) {
    const { stdout } = await host.run(program, ['--version'], { timeoutMs: 10_000 });
    const version = /(\d+)\.(\d+)\.(\d+)/.exec(stdout);
    if (version) return version.slice(1).map(Number);
  }
  return undefined;
}

// By rename: libvirt never sees half a script. Returns whether there was none before.
function writeHook(path: string, script: string): boolean {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  const there = createHost().stat(path) !== undefined;
  const temporary = `${dirname(dirname(path))}/.libvirt-vlan-exporter.new`;
  writeFileSync(temporary, script, { mode: 0o755 });
  if (process.getuid?.() === 0) chownSync(temporary, 0, 0);
  renameSync(temporary, path);
  return !there;
}

function told(sentences: readonly string[], status: number): number {
  for (const sentence of sentences) say(`Note: ${sentence}.`);
  return status;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
