// argv → command. libvirt calls src/hook/hook.sh; `hook GUEST …` here does the same.

const [command, ...args] = process.argv.slice(2);

// libvirt calls `hook GUEST OPERATION SUBOPERATION EXTRA`; the suboperation tells it from `hook install` and its like, even
// where a guest is called "install".
if (command === 'hook' && args.length >= 4 && ['begin', 'end'].includes(args[2] ?? '')) {
  const { runHook } = await import('./cli/hook/call.ts');
  process.exitCode = runHook(args);
} else {
  const { runProgram } = await import('./cli/program.ts');
  await runProgram(process.argv);
}
