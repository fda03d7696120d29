// `hook install`: puts the hook where libvirt finds it.
import type { Command } from '@commander-js/extra-typings';
import { configFileOption } from '../options.ts';
import { print } from '../output.ts';
import { type HookTools, toolsHere } from './tools.ts';

export function register(hook: Command): void {
  hook
    .command('install')
    .description('install it where libvirt finds it')
    .addOption(configFileOption())
    .addHelpText('after', '\nExit status: 0 installed, 1 another file is in its place, 2 it cannot be installed.')
    .action(async (options) => {
      process.exitCode = await runInstall(await toolsHere(), options['config.file']);
    });
}

/** Returns the exit status: 0 where it is installed. */
export async function runInstall(tools: HookTools, config: string): Promise<number> {
  const [{ isInPlace, oursSince, placeFor, reloadRemarks, remarks }, { hookScript }] = await Promise.all([
    import('../../hook/installation.ts'),
    import('../../hook/script.ts'),
  ]);
  const before = await tools.read();
  const place = placeFor(before);
  if ('problem' in place) {
    print(`Note: ${place.problem}.\n`);
    return 1;
  }
  const script = hookScript({ ...tools.program(), config });
  // Who calls this again and again, as the Ansible role does, is told whether anything changed.
  if (isInPlace(before, place.path, script)) print(`${place.path} is installed already.\n`);
  else {
    tools.write(place.path, script, oursSince(before));
    print(`${place.path} is installed.\n`);
  }
  for (const { path } of before.files.filter((file) => file.kind === 'ours' && file.path !== place.path)) {
    tools.remove(path);
    print(`${path}, an older installation of it, is removed.\n`);
  }
  if (!before.exists(config)) print(`There is no ${config} yet; until there is, the hook only reports that.\n`);
  const [after, units] = await Promise.all([tools.read(), tools.units()]);
  if (before.files.length === 0 && !units.ok)
    print('libvirt notices its first hook when it reloads: systemctl reload libvirtd (or virtqemud).\n');
  for (const remark of [...remarks(after), ...reloadRemarks(after, units)]) print(`Note: ${remark}.\n`);
  return 0;
}
