// `hook install`: puts the hook where libvirt finds it.
import type { Command } from '@commander-js/extra-typings';
import { LIBVIRT_DAEMONS } from '../../model/surroundings.ts';
import { configFileOption } from '../options.ts';
import { print } from '../output.ts';

/** Beside dist/main.js. */
const HOOK_SCRIPT = 'hook/hook.sh';

export function register(hook: Command): void {
  hook
    .command('install')
    .description('install it where libvirt finds it')
    .addOption(configFileOption())
    .action(async (options) => {
      process.exitCode = await runInstall(options['config.file']);
    });
}

/** Returns the exit status: 0 where it is installed. */
async function runInstall(config: string): Promise<number> {
  const [{ createHost }, { readInstallation, removeHookFile, runningProgram, writeHookFile }, { showUnits }] =
    await Promise.all([
      import('../../host/linux/real.ts'),
      import('../../host/linux/hook-installation.ts'),
      import('../../host/linux/systemctl.ts'),
    ]);
  const [{ isInPlace, oursSince, placeFor, reloadRemarks, remarks }, { hookScript }] = await Promise.all([
    import('../../hook/installation.ts'),
    import('../../hook/script.ts'),
  ]);
  const host = createHost();
  const before = await readInstallation(host);
  const place = placeFor(before);
  if ('problem' in place) {
    print(`Note: ${place.problem}.\n`);
    return 1;
  }
  const script = hookScript({ ...runningProgram(HOOK_SCRIPT), config });
  // Who calls this again and again, as the Ansible role does, is told whether anything changed.
  if (isInPlace(before, place.path, script)) print(`${place.path} is installed already.\n`);
  else {
    writeHookFile(place.path, script, oursSince(before));
    print(`${place.path} is installed.\n`);
  }
  for (const { path } of before.files.filter((file) => file.kind === 'ours' && file.path !== place.path)) {
    removeHookFile(path);
    print(`${path}, an older installation of it, is removed.\n`);
  }
  if (!host.stat(config)) print(`There is no ${config} yet; until there is, the hook only reports that.\n`);
  const [after, units] = await Promise.all([readInstallation(host), showUnits(LIBVIRT_DAEMONS)]);
  if (before.files.length === 0 && !units.ok)
    print('libvirt notices its first hook when it reloads: systemctl reload libvirtd (or virtqemud).\n');
  for (const remark of [...remarks(after), ...reloadRemarks(after, units)]) print(`Note: ${remark}.\n`);
  return 0;
}
