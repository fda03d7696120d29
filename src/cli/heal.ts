// `heal [DOMAIN…]`: applies the plan once, now, and verifies. It does not ask the guard: an operator's word counts more, and it is
// also how a held policy is accepted.
import type { Command } from '@commander-js/extra-typings';
import { configFileOption, domainsArgument } from './options.ts';
import { type PlanOptions, planFormatOption } from './plan.ts';

export function register(program: Command): void {
  program
    .command('heal')
    .description(
      'run the plan once and verify by reading back, also what the remediator has suspended or holds; waits for a cycle of it to end',
    )
    .addArgument(domainsArgument())
    .addOption(configFileOption())
    .addOption(planFormatOption())
    .addHelpText('after', '\nExit status: 0 compliant after, 1 not, 2 cannot tell.')
    .action(async (domains: readonly string[], options: PlanOptions) => {
      const [{ createHost }, { runHeal }] = await Promise.all([
        import('../host/linux/real.ts'),
        import('./run/heal.ts'),
      ]);
      process.exitCode = await runHeal(createHost(), domains, options);
    });
}
