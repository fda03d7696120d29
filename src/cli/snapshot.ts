// `snapshot`: what the host looks like to this program, as JSON. It goes into bug reports and, as it is, into test cases.
import type { Command } from '@commander-js/extra-typings';
import type { Host } from '../host/host.ts';
import { printable } from '../model/printable.ts';
import { allReadErrors, readingOf } from '../model/snapshot.ts';
import { configFileOption } from './options.ts';
import { onThisHost, print, tell } from './output.ts';

export function register(program: Command): void {
  program
    .command('snapshot')
    .summary('print what the host looks like, for a bug report')
    .description(
      'Prints what the host looks like to this program as JSON, without secrets: all bridges, ports, VLANs and domains. check, plan and ' +
        'config infer read such a file with --from.',
    )
    .addOption(configFileOption())
    .addHelpText('after', '\nExit status: 0 read, 2 some of it could not be read (the JSON says which).')
    .action(onThisHost(runSnapshot));
}

/** Returns the exit status. The config is only looked at: a bug report must be possible without one. */
export async function runSnapshot(host: Host, options: { readonly 'config.file': string }): Promise<number> {
  const [{ loadSettings }, { readWholeHost }, { renderSnapshot }] = await Promise.all([
    import('../config/load.ts'),
    import('../host/snapshot.ts'),
    import('../report/snapshot-json.ts'),
  ]);
  const config = readingOf(() => loadSettings(host, options['config.file']));
  if (!config.ok) tell(`there is no valid config here, which a snapshot does not need: ${config.error}`);
  const snapshot = await readWholeHost(host);
  print(renderSnapshot(snapshot));
  const failed = allReadErrors(snapshot);
  for (const error of failed) tell(printable(error));
  return failed.length > 0 ? 2 : 0;
}
