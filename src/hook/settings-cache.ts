// The config in normal form, kept between calls, so that the hook need not load a YAML parser.
// A kept one counts only for the very file that it was made from (path, inode, mtime, size), and for this very program.
import type { Settings } from '../config/settings.ts';
import type { Files } from '../host/host.ts';
import type { KeptFile } from '../host/linux/hook-machine.ts';
import { orUndefined } from '../model/snapshot.ts';

type Kept = { readonly key?: string; readonly settings?: Settings };

/** `program`: another text for every other build of it. Throws ConfigError. */
export async function loadKeptSettings(host: Files, path: string, program: string, store: KeptFile): Promise<Settings> {
  const key = keyOf(host, path, program);
  const kept: Kept | undefined = key === undefined ? undefined : orUndefined(() => JSON.parse(store.read() ?? ''));
  if (kept?.key === key && kept?.settings) return kept.settings;
  const { loadSettings } = await import('../config/load.ts');
  const settings = loadSettings(host, path);
  // Only where the file was the same before and after it was read.
  if (keyOf(host, path, program) === key) store.write(JSON.stringify({ key, settings }));
  return settings;
}

function keyOf(host: Files, path: string, program: string): string | undefined {
  const stat = orUndefined(() => host.stat(path));
  return stat && JSON.stringify([program, path, stat.ino, stat.mtimeMs, stat.size]);
}
