// `plan`: the exact commands that `heal` would run, and what it leaves alone. Its text is comments and commands: a shell takes it.
import { type Command, Option } from 'commander';
import { DEFAULT_CONFIG_FILE } from '../config/settings.ts';

export function register(program: Command): void {
  operatorCommand(program, 'plan')
    .summary('show the bridge commands that heal would run')
    .description(
      'Shows the bridge commands that heal would run, and what it refuses and why. Changes nothing. ' +
        'Exit status: 0 nothing to do, 1 changes, 2 cannot tell.',
    )
    .action(async (domains: readonly string[], options: OperatorFlags) => {
      const { runPlan } = await import('../remediation/operator.ts');
      process.exitCode = await runPlan(domains, options);
    });
}

export interface OperatorFlags {
  readonly 'config.file': string;
  readonly format: 'text' | 'json';
}

/** What `plan` and `heal` have in common. */
export function operatorCommand(program: Command, name: string): Command {
  return program
    .command(name)
    .argument('[domain...]', 'only these domains (default: all)')
    .option('--config.file <path>', 'the config file', DEFAULT_CONFIG_FILE)
    .addOption(new Option('--format <format>', 'how to print').choices(['text', 'json']).default('text'));
}
