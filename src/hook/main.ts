// What libvirt's script runs: `hook.cjs answer GUEST OPERATION SUBOPERATION EXTRA`, or `hook` for `answer`; see hook/machine.ts.
// A VM's start waits for it, and compiling would be most of its work: what V8 has compiled once, in a whole run, is kept.
// https://nodejs.org/api/vm.html#scriptcreatecacheddata (`module.enableCompileCache` does not exist before Node 22.)
import { readFileSync, statSync } from 'node:fs';
import { Script } from 'node:vm';
import type * as Program from '../cli/hook.ts';
import { KEPT_CODE, readKept, writeKept } from './kept.ts';

// The program, src/cli/hook.ts: a bundle of its own, in CommonJS.
const file = `${__dirname}/run.cjs`;
// V8 knows its own version, but of the source only the length; and npm gives all files of all packages the same mtime.
const { ino, ctimeMs } = statSync(file);
const key = Buffer.from(`${file} ${ino} ${ctimeMs}\n`);
const kept = readKept(KEPT_CODE);
const script = new Script(readFileSync(file, 'utf8'), {
  filename: file,
  ...(kept?.subarray(0, key.length).equals(key) && { cachedData: kept.subarray(key.length) }),
});
const program = {} as typeof Program;
script.runInThisContext()(require, program);

const [mode, ...args] = process.argv.slice(2);
void program.runHook(args, mode === 'answer').then((status) => {
  process.exitCode = status;
  // Where libvirt has its answer: it does not wait for this.
  if (mode === 'answer' && script.cachedDataRejected !== false)
    writeKept(KEPT_CODE, Buffer.concat([key, script.createCachedData()]));
});
