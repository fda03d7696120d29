// `config check`: what is wrong with a config file, with a web config, or with both.
import { type Command, InvalidArgumentError } from '@commander-js/extra-typings';
import type { Host } from '../host/host.ts';
import { OperatorError } from '../model/mistake.ts';
import { configFileOption } from './options.ts';
import { CANNOT_TELL, onThisHost, print, tell } from './output.ts';

export function register(config: Command): void {
  config
    .command('check')
    .summary('check a config file')
    .description('Tells what is wrong with a config file, by line and key.')
    .argument('[file]', 'the config file, as --config.file')
    .addOption(configFileOption())
    .option(
      '--web <file>',
      'check this web config, as --web.config.file, and the files that it names; of config files only one that is named beside it',
      named,
    )
    .addHelpText('after', '\nExit status: 0 valid, 2 not.')
    .action(
      onThisHost(async (host, file, options, command) => {
        const isGiven = command.getOptionValueSource('config.file') === 'cli';
        const given = isGiven ? options['config.file'] : undefined;
        if (file !== undefined && given !== undefined) throw namedTwice(file, given);
        const { web, 'config.file': preset } = options;
        const config = file ?? given ?? (web === undefined ? preset : undefined);
        const hint = file === undefined ? undefined : 'name another';
        return runChecks([
          ...(web === undefined ? [] : [() => checkWeb(host, web)]),
          ...(config === undefined ? [] : [() => runConfigCheck(host, config, hint)]),
        ]);
      }),
    );
}

/** Prints what the file says in one line. `hint`: what to do where there is none. Throws ConfigError. */
export async function runConfigCheck(host: Host, file: string, hint?: string): Promise<void> {
  const { loadSettings } = await import('../config/load.ts');
  const { policy } = loadSettings(host, file, hint);
  const bridges = policy.bridges.map(
    ({ name, rules }) => `${name} (${rules.length} ${rules.length === 1 ? 'rule' : 'rules'})`,
  );
  print(`${file}: valid; bridges: ${bridges.join(', ') || 'none'}; policy ${policy.sha256}\n`);
}

async function checkWeb(host: Host, file: string): Promise<void> {
  const { runWebConfigCheck } = await import('./web-config.ts');
  runWebConfigCheck(host, file);
}

/** All of them, whatever the first one says. Returns the exit status. */
async function runChecks(checks: readonly (() => Promise<void>)[]): Promise<number> {
  let status = 0;
  for (const check of checks) {
    try {
      await check();
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      tell(error.message);
      status = CANNOT_TELL;
    }
  }
  return status;
}

// Unlike serve, which takes an empty one as none: who asks for a check is not to believe that there was one.
function named(file: string): string {
  if (file !== '') return file;
  throw new InvalidArgumentError('expected a file, found nothing; serve takes that as no web config');
}

function namedTwice(file: string, given: string): OperatorError {
  return new OperatorError(
    `${file} and --config.file ${given} both name the config file; drop --config.file to check ${file}, or ${file} to check ${given}`,
  );
}
