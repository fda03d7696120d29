// What libvirt's script runs: `hook.cjs hook GUEST OPERATION SUBOPERATION EXTRA`. A bundle of its own, in CommonJS, which node
// loads in half the time of ES modules; a VM's start waits for it.
import { runHook } from './commands/hook.ts';

void runHook(process.argv.slice(3)).then((status) => {
  process.exitCode = status;
});
