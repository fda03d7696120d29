// `hook uninstall`: takes the hook out of libvirt's folders.
import type { Command } from '@commander-js/extra-typings';
import { print } from '../output.ts';

export function register(hook: Command): void {
  hook.command('uninstall').description('remove it').action(runUninstall);
}

async function runUninstall(): Promise<void> {
  const [{ createHost }, { findHookFiles }, { removeHookFile }] = await Promise.all([
    import('../../host/linux/real.ts'),
    import('../../host/linux/hook-files.ts'),
    import('../../host/linux/hook-installation.ts'),
  ]);
  const ours = findHookFiles(createHost()).filter((file) => file.kind === 'ours');
  for (const { path } of ours) {
    removeHookFile(path);
    print(`${path} is removed.\n`);
  }
  if (ours.length === 0) print('The hook is not installed; nothing to remove.\n');
}
