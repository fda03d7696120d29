// `snapshot`: what the host looks like to this program, as JSON. It goes into bug reports and, as it is, into test cases.
import type { Command } from '@commander-js/extra-typings';
import { type ConfigFileOption, configFileOption } from './options.ts';

export function register(program: Command): void {
  program
    .command('snapshot')
    .description('print what the host looks like, as JSON without secrets: bridges, ports, VLANs, domains')
    .addOption(configFileOption())
    .addHelpText('after', '\nExit status: 0 read, 2 some of it could not be read (the JSON says which).')
    .action(async (options: ConfigFileOption) => {
      const [{ createHost }, { runSnapshot }] = await Promise.all([
        import('../host/linux/real.ts'),
        import('./run/snapshot.ts'),
      ]);
      process.exitCode = await runSnapshot(createHost(), options);
    });
}
