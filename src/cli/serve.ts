// `serve`: the exporter. Flags are named as in Prometheus' own programs.
import { type Command, InvalidArgumentError } from '@commander-js/extra-typings';
import {
  configFileOption,
  integer,
  listenAddressOption,
  logFormatOption,
  logLevelOption,
  webConfigFileOption,
} from './options.ts';

export function register(program: Command): void {
  program
    .command('serve')
    .summary('run the exporter')
    .description(
      'Runs the exporter: audits the host, serves /metrics and a status page. Changes nothing. SIGHUP reloads the config.',
    )
    .addOption(configFileOption())
    .addOption(listenAddressOption(':19177'))
    .addOption(webConfigFileOption("TLS, passwords and limits: a file in the format of Prometheus' exporter-toolkit"))
    .option('--web.systemd-socket', 'listen on the sockets that systemd hands over, instead of on addresses')
    .option('--web.telemetry-path <url-path>', 'path of the metrics', telemetryPath, '/metrics')
    .option(
      '--web.max-requests <number>',
      'how many scrapes, and how many other requests, may be in work at once; 0 for no limit',
      integer(0, 999_999),
      40,
    )
    .option('--web.enable-lifecycle', 'allow POST /-/reload')
    .addOption(logLevelOption('info'))
    .addOption(logFormatOption())
    .action(async (flags) => {
      const { runServe } = await import('../apps/serve.ts');
      await runServe(flags);
    });
}

function telemetryPath(path: string): string {
  if (/^\/[A-Za-z0-9._~/-]*$/.test(path)) return path;
  throw new InvalidArgumentError('expected a path that begins with "/", of letters, digits and "._~-/"');
}
