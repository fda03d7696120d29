// `check [DOMAIN…]`: what is on the vnets, and what is wrong. It asks the host alone, no daemon needs to run; with `--from` it asks
// a file alone: nothing of this host goes into the answer.
import type { Command } from '@commander-js/extra-typings';
import { DEFAULT_CONFIG_FILE } from '../config/settings.ts';
import type { Host } from '../host/host.ts';
import { printable } from '../model/printable.ts';
import { shellWord } from '../model/shell.ts';
import { configFileOption, domainsArgument, formatOption, fromOption } from './options.ts';
import { CANNOT_TELL, onThisHost, print, showsColour } from './output.ts';

// A person waits; a journal that takes longer is told as not known.
const JOURNAL_WAIT_MS = 3_000;
export function register(program: Command): void {
  program
    .command('check')
    .summary('show vnets, their VLANs, and what is wrong')
    .description(
      'Shows the vnets of all or of the named domains, their VLANs and PVIDs, and what is wrong. Reads the host once and changes nothing.',
    )
    .addArgument(domainsArgument())
    .addOption(configFileOption())
    .addOption(formatOption())
    .addOption(fromOption())
    .addHelpText('after', '\nExit status: 0 compliant, 1 drift, 2 cannot tell.')
    .action(onThisHost(runCheck));
}

export interface CheckOptions {
  readonly 'config.file': string;
  readonly format: 'table' | 'json';
  readonly from?: string;
}

/** Returns the exit status. Throws ConfigError. */
export async function runCheck(host: Host, domains: readonly string[], options: CheckOptions): Promise<number> {
  const { format, from } = options;
  const [{ loadSettings }, { exitStatusOf, judgeHost, tellDoubts }, { notes }] = await Promise.all([
    import('../config/load.ts'),
    import('./judged.ts'),
    import('./named.ts'),
  ]);
  const settings = loadSettings(host, options['config.file']);
  // The journal is another process' work: it goes on while the host is read.
  const beside = format === 'table' && from === undefined ? readBeside(host, settings.hook.identifiers) : undefined;
  const judged = await judgeHost(host, settings, domains, from);
  if (!judged) return CANNOT_TELL;
  const { report, snapshot } = judged;
  const { idleRules, idleRuleSentence } = await import('../policy/idle-rules.ts');
  const idle = idleRules(snapshot, settings.policy);
  const said = notes(snapshot, settings.policy, report, domains);
  if (format === 'json') {
    const { reportJson } = await import('../report/json.ts');
    print(`${JSON.stringify({ ...reportJson(report), idleRules: idle ?? null }, null, 2)}\n`);
    tellDoubts(said);
  } else {
    const { renderText } = await import('../report/text.ts');
    const sentences = domains.length > 0 ? [] : (idle ?? []).map(idleRuleSentence);
    const also = {
      named: domains,
      planFlags: planFlags(options),
      notes: [...said.map(({ text }) => text), ...sentences],
      ...(await beside),
    };
    print(renderText(report, { colour: showsColour(), ...also }));
  }
  return exitStatusOf(report, said);
}

function planFlags({ 'config.file': file, from }: CheckOptions): readonly string[] {
  const flag = (name: string, value: string) => `${name} ${printable(shellWord(value))}`;
  return [
    ...(file === DEFAULT_CONFIG_FILE ? [] : [flag('--config.file', file)]),
    ...(from === undefined ? [] : [flag('--from', from)]),
  ];
}

/** What else this host knows of its vnets: errors of the hook, and what the remediator tells of itself. */
async function readBeside(host: Host, identifiers: readonly string[]) {
  const [{ readHookOnce }, { createStatusReader }] = await Promise.all([
    import('../host/linux/journal.ts'),
    import('../host/remediator-status.ts'),
  ]);
  const { stats } = await readHookOnce(host, identifiers, JOURNAL_WAIT_MS);
  return { hook: stats, remediator: createStatusReader(host)() };
}
