// `check [DOMAIN…]`: what is on the vnets, and what is wrong.
import type { Command } from '@commander-js/extra-typings';
import {
  type ConfigFileOption,
  configFileOption,
  domainsArgument,
  type FormatOption,
  formatOption,
} from './options.ts';

export interface CheckOptions extends ConfigFileOption, FormatOption {}

export function register(program: Command): void {
  program
    .command('check')
    .description('show the vnets of all or some domains, their VLANs, and what is wrong')
    .addArgument(domainsArgument())
    .addOption(configFileOption())
    .addOption(formatOption())
    .addHelpText('after', '\nExit status: 0 compliant, 1 drift, 2 cannot tell.')
    .action(async (domains: readonly string[], options: CheckOptions) => {
      const [{ createHost }, { runCheck }] = await Promise.all([
        import('../host/linux/real.ts'),
        import('./run/check.ts'),
      ]);
      process.exitCode = await runCheck(createHost(), domains, options);
    });
}
