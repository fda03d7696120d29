// `heal [DOMAIN…]`: applies the plan once, now, and verifies. It does not ask the guard: an operator's word counts more, and it is
// also how a held policy is accepted. It takes turns with the remediator.
import type { Command } from '@commander-js/extra-typings';
import type { Host } from '../host/host.ts';
import { configFileOption, domainsArgument, planFormatOption } from './options.ts';
import { CANNOT_TELL, onThisHost, print, tell } from './output.ts';

export function register(program: Command): void {
  program
    .command('heal')
    .summary('set right what is wrong, once')
    .description(
      'Runs the plan once and verifies it by reading the host again. Also heals what the remediator has suspended or holds: it ' +
        'accepts a held policy, where no domain is named. Refused where the remediator has not read the config again yet, and would undo ' +
        'it. Waits until a cycle of the remediator that runs has ended.',
    )
    .addArgument(domainsArgument())
    .addOption(configFileOption())
    .addOption(planFormatOption())
    .addHelpText('after', '\nExit status: 0 compliant after, 1 not, 2 cannot tell.')
    .action(onThisHost(runHeal));
}

export interface HealOptions {
  readonly 'config.file': string;
  readonly format: 'text' | 'json';
}

/** Returns the exit status. Throws ConfigError. */
export async function runHeal(host: Host, domains: readonly string[], options: HealOptions): Promise<number> {
  const [{ loadSettings }, judging, { healOnce }, { notes, unknownNames }] = await Promise.all([
    import('../config/load.ts'),
    import('./judged.ts'),
    import('../remediation/heal-once.ts'),
    import('./named.ts'),
  ]);
  const { policy } = loadSettings(host, options['config.file']);
  const healed = await healOnce(host, policy, domains, (snapshot) => unknownNames(snapshot, domains));
  if (healed.kind === 'locked') tell(`changes are locked by somebody else (${healed.holder}); nothing was changed`);
  if (healed.kind === 'refused') for (const problem of healed.problems) tell(problem);
  if (healed.kind !== 'healed') return CANNOT_TELL;
  for (const problem of healed.unwritten) tell(`not in the journal: ${problem}`);
  if (healed.unagreed) tell(`the remediator may not know that the policy is accepted: ${healed.unagreed}`);

  const [{ plan }, { renderOutcomes, renderPlan, unknownsJson }] = await Promise.all([
    import('../remediation/plan.ts'),
    import('../report/plan.ts'),
  ]);
  const after = judging.narrow(healed.after, domains);
  const said = notes(healed.snapshot, policy, after, domains);
  const { refusals } = plan(after);
  const { unknowns } = after;
  if (options.format === 'json') {
    print(`${JSON.stringify({ outcomes: healed.decisions, refusals, unknowns: unknownsJson(unknowns) }, null, 2)}\n`);
  } else print(`${renderOutcomes(healed.outcomes)}${renderPlan({ vnets: [], refusals }, unknowns)}`);
  judging.tellUnwatched(after);
  judging.tellDoubts(said);
  return judging.exitStatusOf(after, said);
}
