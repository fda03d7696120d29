// `hook uninstall`: takes the hook out of libvirt's folders.
import type { Command } from '@commander-js/extra-typings';
import { print } from '../output.ts';
import { type HookTools, toolsHere } from './tools.ts';

export function register(hook: Command): void {
  hook
    .command('uninstall')
    .description('remove it')
    .addHelpText('after', '\nExit status: 0 it is not installed any more, 2 it cannot be removed.')
    .action(async () => runUninstall(await toolsHere()));
}

export async function runUninstall(tools: Pick<HookTools, 'read' | 'remove'>): Promise<void> {
  const { files } = await tools.read();
  const ours = files.filter((file) => file.kind === 'ours');
  for (const { path } of ours) {
    tools.remove(path);
    print(`${path} is removed.\n`);
  }
  if (ours.length === 0) print('The hook is not installed; nothing to remove.\n');
}
