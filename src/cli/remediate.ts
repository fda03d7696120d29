// `remediate`: the remediator as a daemon. SIGHUP reloads the config, SIGTERM and SIGINT end it after the cycle that runs.
import type { Command } from '@commander-js/extra-typings';
import { configFileOption, logFormatOption, logLevelOption } from './options.ts';

export function register(program: Command): void {
  program
    .command('remediate')
    .summary('heal drift as it happens')
    .description(
      'Heals drift as it happens, verifies by reading back, and knows when to stop. Needs CAP_NET_ADMIN. ' +
        'SIGHUP reloads the config. Only one runs on a host: another one is refused with exit status 2. While there is a file /run/libvirt-vlan-remediator/pause, it changes nothing.',
    )
    .addOption(configFileOption())
    .option('--dry-run', 'decide and log, change nothing')
    .addOption(logLevelOption('info'))
    .addOption(logFormatOption())
    .action(async (flags) => {
      const { runRemediate } = await import('../apps/remediate.ts');
      await runRemediate(flags);
    });
}
