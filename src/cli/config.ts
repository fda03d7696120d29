// `config check|infer|schema`: what is wrong with a config file, a first one for this host, and the JSON Schema for editors.
import type { Command } from '@commander-js/extra-typings';
import { type ConfigFileOption, configFileOption } from './options.ts';

export function register(program: Command): void {
  const config = program.command('config').description('check a config file, or propose one');
  config
    .command('check')
    .description('tell what is wrong with a config file, by line and key')
    .argument('[file]', 'the config file, as --config.file')
    .addOption(configFileOption())
    .addHelpText('after', '\nExit status: 0 valid, 2 not.')
    .action(async (file: string | undefined, options: ConfigFileOption) => {
      const [{ createHost }, { runConfigCheck }] = await Promise.all([
        import('../host/linux/real.ts'),
        import('./run/config.ts'),
      ]);
      runConfigCheck(createHost(), file ?? options['config.file']);
    });
  config
    .command('infer')
    .description('propose a config file from what runs now, on stdout')
    .addHelpText('after', '\nExit status: 0 proposed, 2 nothing to propose or the host could not be read.')
    .action(async () => {
      const [{ createHost }, { runConfigInfer }] = await Promise.all([
        import('../host/linux/real.ts'),
        import('./run/config.ts'),
      ]);
      process.exitCode = await runConfigInfer(createHost());
    });
  config
    .command('schema')
    .description('print the JSON Schema of the config file')
    .action(async () => {
      const { runConfigSchema } = await import('./run/config.ts');
      runConfigSchema();
    });
}
