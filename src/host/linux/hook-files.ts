// Where libvirt looks for its qemu hook, and what is there. https://libvirt.org/hooks.html: /etc/libvirt/hooks/qemu, and since
// 6.5.0 every executable of /etc/libvirt/hooks/qemu.d as well, in the order of their names.
import { orUndefined } from '../../model/snapshot.ts';
import type { Host } from '../host.ts';

export const HOOK_FILE = '/etc/libvirt/hooks/qemu';
export const HOOK_FOLDER = '/etc/libvirt/hooks/qemu.d';

/** In the script that `hook install` writes; by it the script is known again. */
export const OUR_MARK = 'libvirt-vlan-exporter: hook';

export interface HookFile {
  readonly path: string;
  /** `original`: the bash script of RCA-2026-02-001, whatever became of its settings. */
  readonly kind: 'ours' | 'original' | 'other';
  /** libvirt runs it. */
  readonly executable: boolean;
  /** The owner's user id; undefined where the host has none. */
  readonly uid: number | undefined;
  /** Permission bits; undefined where the host has none. */
  readonly mode: number | undefined;
  /**
   * Since when libvirt can have found it, milliseconds since the epoch. Of ours by its modification time: "hook install" keeps that
   * where it replaces a hook of ours (an upgrade), of which libvirt knows. Of others by their change time: packages and `cp -p` set the other one.
   */
  readonly since: number;
  readonly text?: string;
}

/** The hook as it is on this host. */
export interface Installation {
  /** In the order in which libvirt runs them. */
  readonly files: readonly HookFile[];
  /** As `[9, 0, 0]`; undefined where no libvirt daemon was found. */
  readonly libvirt: readonly number[] | undefined;
  /** Whether a file exists. */
  readonly exists: (path: string) => boolean;
}

/** The hook files in the order in which libvirt runs them, executable or not. Throws Error where it cannot be told. */
export function findHookFiles(host: Host): readonly HookFile[] {
  const names = host.list(HOOK_FOLDER) ?? [];
  return [HOOK_FILE, ...names.map((name) => `${HOOK_FOLDER}/${name}`)].flatMap((path) => {
    const stat = host.stat(path);
    if (!stat?.isFile) return [];
    const executable = stat.mode === undefined || (stat.mode & 0o111) !== 0;
    const text = host.readText(path);
    const kind = kindOf(text);
    const since = kind === 'ours' ? stat.mtimeMs : (stat.ctimeMs ?? stat.mtimeMs);
    return [{ path, kind, executable, uid: stat.uid, mode: stat.mode, since, text }];
  });
}

/** Whether a hook of ours or the original is in place and executable; undefined where that cannot be told. */
export function hookInstalled(host: Host): boolean | undefined {
  return orUndefined(() => findHookFiles(host).some((file) => file.kind !== 'other' && file.executable));
}

function kindOf(text: string): HookFile['kind'] {
  if (text.includes(OUR_MARK)) return 'ours';
  return text.includes('libvirt-hook[') && text.includes('bridge vlan') ? 'original' : 'other';
}
