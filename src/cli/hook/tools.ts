// What the hook's commands need of this machine.
import type { Installation } from '../../host/linux/hook-files.ts';
import type { Reading } from '../../model/snapshot.ts';
import { LIBVIRT_DAEMONS, type Unit } from '../../model/surroundings.ts';

export interface HookTools {
  /** The hook as it is on this host. Rejects where that cannot be told. */
  read(): Promise<Installation>;
  /** The units of libvirt's daemons. */
  units(): Promise<Reading<ReadonlyMap<string, Unit>>>;
  /** `since`: the file's modification time; undefined for now. Throws OperatorError. */
  write(path: string, script: string, since: number | undefined): void;
  /** Throws OperatorError. */
  remove(path: string): void;
  /** node, and hook.sh, as this program has them. */
  program(): { readonly node: string; readonly script: string };
}

/** Beside dist/main.js. */
const HOOK_SCRIPT = 'hook/hook.sh';

export async function toolsHere(): Promise<HookTools> {
  const [{ createHost }, { readInstallation, removeHookFile, runningProgram, writeHookFile }, { showUnits }] =
    await Promise.all([
      import('../../host/linux/real.ts'),
      import('../../host/linux/hook-installation.ts'),
      import('../../host/linux/systemctl.ts'),
    ]);
  const host = createHost();
  return {
    read: () => readInstallation(host),
    units: () => showUnits(LIBVIRT_DAEMONS),
    write: writeHookFile,
    remove: removeHookFile,
    program: () => runningProgram(HOOK_SCRIPT),
  };
}
