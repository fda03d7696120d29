// `plan [DOMAIN…]`: the exact commands that `heal` would run, and what it leaves alone. Changes nothing.
import type { Command } from '@commander-js/extra-typings';
import type { Host } from '../host/host.ts';
import { printable } from '../model/printable.ts';
import { configFileOption, domainsArgument, fromOption, planFormatOption } from './options.ts';
import { CANNOT_TELL, onThisHost, print } from './output.ts';

export function register(program: Command): void {
  program
    .command('plan')
    .summary('show what heal would do')
    .description('Shows the bridge commands that heal would run, and what it leaves alone and why. Changes nothing.')
    .addArgument(domainsArgument())
    .addOption(configFileOption())
    .addOption(planFormatOption())
    .addOption(fromOption())
    .addHelpText('after', '\nExit status: 0 nothing to do, 1 changes, 2 cannot tell.')
    .action(onThisHost(runPlan));
}

export interface PlanOptions {
  readonly 'config.file': string;
  readonly format: 'text' | 'json';
  readonly from?: string;
}

/** Returns the exit status. Throws ConfigError. */
export async function runPlan(host: Host, domains: readonly string[], options: PlanOptions): Promise<number> {
  const { format, from } = options;
  const [{ loadSettings }, judging, { notes }, { plan }, { planJson, renderPlan }] = await Promise.all([
    import('../config/load.ts'),
    import('./judged.ts'),
    import('./named.ts'),
    import('../remediation/plan.ts'),
    import('../report/plan.ts'),
  ]);
  const settings = loadSettings(host, options['config.file']);
  const judged = await judging.judgeHost(host, settings, domains, from);
  if (!judged) return CANNOT_TELL;
  const { report, snapshot } = judged;
  const { unknowns } = report;
  const planned = plan(report);
  const said = notes(snapshot, settings.policy, report, domains);
  // What a shell takes must not be taken for this host's.
  const head = from === undefined ? '' : `# of ${printable(from)}, not of this host\n`;
  if (format === 'json') print(`${JSON.stringify(planJson(planned, unknowns), null, 2)}\n`);
  else print(`${head}${renderPlan(planned, unknowns)}`);
  judging.tellUnwatched(report);
  judging.tellDoubts(said);
  if (planned.vnets.length > 0) return 1;
  return unknowns.length > 0 || report.bridges.length === 0 || said.some(({ unsure }) => unsure) ? CANNOT_TELL : 0;
}
