// `hook GUEST OPERATION SUBOPERATION EXTRA`, domain XML on stdin: the hook as libvirt calls it, for those who call it themselves.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';

/** Returns the exit status of src/hook/hook.sh, which lies beside this program. */
export function runHook(args: readonly string[]): number {
  const script = join(dirname(process.argv[1] ?? ''), 'hook/hook.sh');
  const env = { ...process.env, LIBVIRT_VLAN_NODE: process.execPath };
  return spawnSync('sh', [script, ...args], { stdio: 'inherit', env }).status ?? 1;
}
