// libvirt's own call: `hook GUEST OPERATION SUBOPERATION EXTRA`, domain XML on stdin.
import { createHookMachine } from '../hook/machine.ts';
import { fail, runHook as run } from '../hook/run.ts';

/**
 * Returns the exit status. What nobody thought of is a journal entry too, and no reason to stop a VM. `answers`: it was called by
 * the script that `hook install` writes, which waits for an answer on stdout and not for the end; see hook/script.ts.
 */
export async function runHook(args: readonly string[], answers = false): Promise<number> {
  const machine = createHookMachine(process.argv[1] ?? '', args, answers);
  process.on('uncaughtException', (error) => {
    process.exitCode = fail({ guest: args[0] ?? '', operation: args[1] ?? '' }, error, machine);
  });
  return run(args, machine);
}
