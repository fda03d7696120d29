// `serve`: the exporter. Flags are named as in Prometheus' own programs.
import { type Command, InvalidArgumentError, Option } from 'commander';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
const FORMATS = ['logfmt', 'json'] as const;

interface Flags {
  readonly 'config.file': string;
  readonly 'web.listenAddress': readonly string[];
  readonly 'web.telemetryPath': string;
  readonly 'web.enableLifecycle'?: true;
  readonly 'log.level': (typeof LEVELS)[number];
  readonly 'log.format': (typeof FORMATS)[number];
}

export function register(program: Command): void {
  let named: readonly string[] = [];
  program
    .command('serve')
    .description('Run the exporter: audit the host, serve /metrics and a status page. Changes nothing.')
    .option('--config.file <path>', 'the config file', '/etc/libvirt-vlan-exporter/config.yml')
    .option(
      '--web.listen-address <address>',
      'where to listen, as ":19177", "127.0.0.1:19177" or "[::1]:19177"; may be given several times',
      (address: string) => (named = [...named, address]),
      [':19177'],
    )
    .option('--web.telemetry-path <path>', 'path of the metrics', telemetryPath, '/metrics')
    .option('--web.enable-lifecycle', 'allow POST /-/reload')
    .addOption(new Option('--log.level <level>', 'least level to log').choices(LEVELS).default('info'))
    .addOption(new Option('--log.format <format>', 'format of the log, on stderr').choices(FORMATS).default('logfmt'))
    .action(async (flags: Flags) => {
      const { runServe } = await import('../apps/serve.ts');
      await runServe({
        configFile: flags['config.file'],
        listenAddresses: flags['web.listenAddress'],
        telemetryPath: flags['web.telemetryPath'],
        lifecycle: flags['web.enableLifecycle'] ?? false,
        logLevel: flags['log.level'],
        logFormat: flags['log.format'],
      });
    });
}

function telemetryPath(path: string): string {
  if (/^\/[A-Za-z0-9._~/-]*$/.test(path)) return path;
  throw new InvalidArgumentError('expected a path that begins with "/", of letters, digits and "._~-/"');
}
