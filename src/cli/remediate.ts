// `remediate`: the remediator as a daemon. SIGHUP reloads the config, SIGTERM and SIGINT end it after the cycle that runs.
import { type Command, Option } from 'commander';
import { DEFAULT_CONFIG_FILE } from '../config/settings.ts';
import type { LogFormat, LogLevel } from '../daemon/log.ts';

export interface RemediateFlags {
  readonly 'config.file': string;
  readonly dryRun?: true;
  readonly 'log.level': LogLevel;
  readonly 'log.format': LogFormat;
}

export function register(program: Command): void {
  program
    .command('remediate')
    .summary('heal drift as it happens')
    .description(
      'Heals drift as it happens, verifies by reading back, and knows when to stop. Needs CAP_NET_ADMIN. ' +
        'SIGHUP reloads the config. The file /run/libvirt-vlan-remediator/pause holds everything.',
    )
    .option('--config.file <path>', 'the config file', DEFAULT_CONFIG_FILE)
    .option('--dry-run', 'decide and log, change nothing')
    .addOption(new Option('--log.level <level>').choices(['debug', 'info', 'warn', 'error']).default('info'))
    .addOption(new Option('--log.format <format>').choices(['logfmt', 'json']).default('logfmt'))
    .action(async (options: RemediateFlags) => {
      const { runRemediate } = await import('../apps/remediate.ts');
      await runRemediate(options);
    });
}
