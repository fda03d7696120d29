// `heal`: applies the plan once, now, and verifies. It does not ask the guard: an operator's word counts more, and it is also how
// a held policy is accepted.
import type { Command } from 'commander';
import { type OperatorFlags, operatorCommand } from './plan.ts';

export function register(program: Command): void {
  operatorCommand(program, 'heal')
    .summary('run the plan once, and verify by reading back')
    .description(
      'Runs the plan once and verifies by reading back, also what the remediator holds or has suspended. Waits for the remediator ' +
        'to finish a cycle. Exit status: 0 compliant after, 1 not, 2 cannot tell.',
    )
    .action(async (domains: readonly string[], options: OperatorFlags) => {
      const { runHeal } = await import('../remediation/operator.ts');
      process.exitCode = await runHeal(domains, options);
    });
}
