// `hook status`: how the hook is installed, and what is wrong with that.
import type { Command } from '@commander-js/extra-typings';
import { print } from '../output.ts';
import { type HookTools, toolsHere } from './tools.ts';

export function register(hook: Command): void {
  hook
    .command('status')
    .description('tell how it is installed and what is wrong with that')
    .addHelpText('after', '\nExit status: 0 all is well, 1 something is wrong, 2 cannot tell.')
    .action(async () => {
      process.exitCode = await runStatus(await toolsHere());
    });
}

/** Returns the exit status: 0 where all is well, 1 where something is to be told. */
export async function runStatus(tools: HookTools): Promise<number> {
  const [{ describe, reloadRemarks, remarks }, { pathsOf }] = await Promise.all([
    import('../../hook/installation.ts'),
    import('../../hook/script.ts'),
  ]);
  const [installation, units] = await Promise.all([tools.read(), tools.units()]);
  print(`libvirt ${installation.libvirt?.join('.') ?? 'not found'}\n`);
  for (const file of installation.files) {
    print(`${describe(file)}\n`);
    const paths = file.kind === 'ours' ? pathsOf(file.text ?? '') : undefined;
    if (paths) print(`  runs ${paths.script} with ${paths.node}, config ${paths.config}\n`);
  }
  const wrong = [...remarks(installation), ...reloadRemarks(installation, units)];
  for (const remark of wrong) print(`Note: ${remark}.\n`);
  return wrong.length === 0 ? 0 : 1;
}
