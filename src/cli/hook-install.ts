// `hook install|uninstall|status`. libvirt's own call of the hook does not come here, see src/main.ts.
import type { Command } from '@commander-js/extra-typings';
import { type ConfigFileOption, configFileOption } from './options.ts';

export function register(program: Command): void {
  const hook = program
    .command('hook')
    .description("libvirt's hook: sets the VLANs of a VM's ports when it starts")
    .addHelpText(
      'after',
      '\nlibvirt itself calls "hook GUEST OPERATION SUBOPERATION EXTRA" with the domain XML on stdin; exit status 0,\n' +
        'or 1 at "start" where something failed and the config says fail_closed.',
    );
  hook
    .command('install')
    .description(`install it where libvirt finds it`)
    .addOption(configFileOption())
    .action(async (options: ConfigFileOption) => {
      const { runInstall } = await import('./run/hook.ts');
      process.exitCode = await runInstall(options['config.file']);
    });
  hook
    .command('uninstall')
    .description('remove it')
    .action(async () => {
      const { runUninstall } = await import('./run/hook.ts');
      process.exitCode = await runUninstall();
    });
  hook
    .command('status')
    .description('tell how it is installed and what is wrong with that')
    .addHelpText('after', '\nExit status: 0 all is well, 1 something is wrong, 2 cannot tell.')
    .action(async () => {
      const { runStatus } = await import('./run/hook.ts');
      process.exitCode = await runStatus();
    });
}
