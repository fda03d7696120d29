// `hook GUEST OPERATION SUBOPERATION EXTRA`, domain XML on stdin: the hook as libvirt calls it, for those who call it themselves.
import { dirname, join } from 'node:path';
import { runInPlace } from '../../host/linux/hook-machine.ts';

/** Returns the exit status of src/hook/hook.sh, which lies beside this program. */
export function runHook(args: readonly string[]): number {
  const script = join(dirname(process.argv[1] ?? ''), 'hook/hook.sh');
  return runInPlace('sh', [script, ...args], { LIBVIRT_VLAN_NODE: process.execPath });
}
