// `demo`: the product on a simulated host; see src/apps/demo.
import type { Command } from '@commander-js/extra-typings';
import { integer, listenAddressOption, logLevelOption, number, webConfigFileOption } from './options.ts';

const MAX_VMS = 10_000;

export function register(program: Command): void {
  program
    .command('demo')
    .summary('exporter and remediator on a simulated host')
    .description(
      'Runs exporter and remediator on a simulated host, where VMs start and stop and VLANs get lost.\n' +
        'Touches nothing of this machine.',
    )
    .addOption(listenAddressOption('127.0.0.1:19177'))
    .option('--config.file <path>', 'the policy; the shipped default where it is left out')
    .addOption(webConfigFileOption('TLS, passwords and limits, as for serve'))
    .option('--vms <number>', 'how many VMs', integer(1, MAX_VMS), 40)
    .option('--seed <number>', 'the same seed, the same events', integer(0, 2 ** 32 - 1), 1)
    .option('--drift-every <seconds>', 'seconds between two drifts', number(0.1, 86_400), 12)
    .option('--no-drift', 'nothing drifts by itself')
    .option('--no-restarts', 'no VM stops and starts by itself')
    .option('--heal-after <seconds>', 'how long a drift can be seen before it is healed', number(0, 3600), 5)
    .option('--no-heal', 'without the remediator')
    .option(
      '--control <address>',
      'take orders there: POST /ACT?domain=NAME with break-pvid, wipe, remove-vlan, lose-fdb, contradict, misask, agree, repair, stop or start; ' +
        'POST /cut-off-host, /reconnect-host, /pause or /resume',
    )
    .addOption(logLevelOption('warn'))
    .action(async (flags) => {
      const { runDemo } = await import('../apps/demo/run.ts');
      await runDemo(flags);
    });
}
