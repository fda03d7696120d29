// `plan [DOMAIN…]`: the exact commands that `heal` would run, and what it leaves alone.
import { type Command, Option } from '@commander-js/extra-typings';
import { type ConfigFileOption, configFileOption, domainsArgument } from './options.ts';

export interface PlanOptions extends ConfigFileOption {
  readonly format: 'text' | 'json';
}

export function register(program: Command): void {
  program
    .command('plan')
    .description('show the bridge commands that heal would run, and what it leaves alone and why; change nothing')
    .addArgument(domainsArgument())
    .addOption(configFileOption())
    .addOption(planFormatOption())
    .addHelpText('after', '\nExit status: 0 nothing to do, 1 changes, 2 cannot tell.')
    .action(async (domains: readonly string[], options: PlanOptions) => {
      const [{ createHost }, { runPlan }] = await Promise.all([
        import('../host/linux/real.ts'),
        import('./run/plan.ts'),
      ]);
      process.exitCode = await runPlan(createHost(), domains, options);
    });
}

/** `--format text|json`: the text is comments and commands. */
export const planFormatOption = () =>
  new Option('--format <format>', 'what to print').choices(['text', 'json'] as const).default('text' as const);
