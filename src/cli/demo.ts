// `demo`: the product on a simulated host; see src/apps/demo.
import { type Command, InvalidArgumentError, Option } from 'commander';
import { LOG_LEVELS, type LogLevel } from '../daemon/log.ts';

interface Flags {
  readonly 'web.listenAddress': readonly string[];
  readonly 'config.file'?: string;
  readonly vms: number;
  readonly seed: number;
  readonly drift: boolean;
  readonly driftEvery: number;
  readonly restarts: boolean;
  readonly heal: boolean;
  readonly healAfter: number;
  readonly control?: string;
  readonly 'log.level': LogLevel;
}

const MAX_VMS = 10_000;

export function register(program: Command): void {
  let named: readonly string[] = [];
  program
    .command('demo')
    .summary('exporter and remediator on a simulated host')
    .description(
      'Runs exporter and remediator on a simulated host, where VMs start and stop and VLANs get lost.\n' +
        'Touches nothing of this machine.',
    )
    .option(
      '--web.listen-address <address>',
      'where to listen; may be given several times',
      (address: string) => (named = [...named, address]),
      ['127.0.0.1:19177'],
    )
    .option('--config.file <path>', 'the policy; the shipped default where it is left out')
    .option('--vms <number>', 'how many VMs', number(1, MAX_VMS), 40)
    .option('--seed <number>', 'the same seed, the same events', number(0, 2 ** 32 - 1), 1)
    .option('--drift-every <seconds>', 'seconds between two drifts', number(0.1, 86_400), 12)
    .option('--no-drift', 'nothing drifts by itself')
    .option('--no-restarts', 'no VM stops and starts by itself')
    .option('--heal-after <seconds>', 'how long a drift can be seen before it is healed', number(0, 3600), 5)
    .option('--no-heal', 'without the remediator')
    .option(
      '--control <address>',
      'take orders there: POST /break-pvid, /wipe, /remove-vlan, /repair, /stop or /start?domain=NAME, /pause, /resume',
    )
    .addOption(new Option('--log.level <level>', 'least level to log').choices(LOG_LEVELS).default('warn'))
    .action(async (flags: Flags) => {
      const { runDemo } = await import('../apps/demo/run.ts');
      await runDemo({
        listenAddresses: flags['web.listenAddress'],
        configFile: flags['config.file'],
        vms: flags.vms,
        seed: flags.seed,
        driftEveryMs: flags.drift ? flags.driftEvery * 1000 : undefined,
        restarts: flags.restarts,
        healAfterMs: flags.heal ? flags.healAfter * 1000 : undefined,
        control: flags.control,
        logLevel: flags['log.level'],
      });
    });
}

function number(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`expected a number from ${least} to ${most}`);
  };
}
