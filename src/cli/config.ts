// `config infer|schema`: a first config file for this host, and the JSON Schema for editors.
import { type Command, Option } from '@commander-js/extra-typings';
import type { Host } from '../host/host.ts';
import { printable } from '../model/printable.ts';
import { METADATA_NAMESPACE, readErrors, type Snapshot } from '../model/snapshot.ts';
import { register as registerCheck } from './config-check.ts';
import { configFileOption, fromOption } from './options.ts';
import { onThisHost, print, tell } from './output.ts';

export function register(program: Command): void {
  const config = program
    .command('config')
    .description('Checks a config file, or proposes one.')
    .summary('check or propose a config file');
  registerCheck(config);
  config
    .command('infer')
    .summary('propose a config file')
    .description(
      'Prints a config file that demands what runs now. Read it before you use it. With --as metadata it prints the virsh commands ' +
        'that write the rules of the config file into the domains themselves.',
    )
    .addOption(fromOption())
    .addOption(
      new Option('--as <form>', 'what to print').choices(['config', 'metadata'] as const).default('config' as const),
    )
    .addOption(configFileOption())
    .addHelpText('after', '\nExit status: 0 proposed, 2 nothing to propose or the host could not be read.')
    .action(
      onThisHost((host, options) =>
        options.as === 'metadata' ? runMetadataInfer(host, options) : runConfigInfer(host, options),
      ),
    );
  config
    .command('schema')
    .summary('print the JSON Schema')
    .description('Prints the JSON Schema of the config file, for editors.')
    .action(runConfigSchema);
}

/** Returns the exit status. Throws ConfigError. */
export async function runConfigInfer(host: Host, { from }: { readonly from?: string } = {}): Promise<number> {
  const { inferConfig } = await import('../config/infer.ts');
  const snapshot = await snapshotOf(host, from);
  const { text, leftOut } = inferConfig(snapshot);
  for (const sentence of leftOut) tell(`left out: ${printable(sentence)}`);
  if (text === undefined) {
    const why = whyNothing(snapshot, from ?? 'this host');
    if (why !== undefined) tell(why);
    return 2;
  }
  print(text);
  return 0;
}

/** Why there is nothing to propose; undefined where that cannot be told, for something could not be read. */
function whyNothing(snapshot: Snapshot, where: string): string | undefined {
  const bridges = snapshot.links.ok ? snapshot.links.value : undefined;
  if (bridges?.length === 0) return `${where} has no Linux bridge`;
  const isUnread = bridges?.some(({ vlanFiltering }) => vlanFiltering === undefined) || readErrors(snapshot).length > 0;
  return isUnread ? undefined : 'no vnet on a VLAN-filtering bridge to learn from';
}

export interface MetadataOptions {
  readonly from?: string;
  readonly 'config.file': string;
}

// Of a VM that runs, its live XML was read, and --config writes to the other, too.
const METADATA_HEAD = [
  '# The bridges that should hear it need metadata in their "intent:".',
  `# Of a VM that runs, what "virsh metadata DOMAIN --uri ${METADATA_NAMESPACE} --config" shows is replaced, too: look there first where`,
  '# you wrote with --config alone. A VM that is not persistent has none: take --config out.',
].join('\n');

/** Prints the commands that carry the config's rules over into the domains. Returns the exit status. Throws ConfigError. */
async function runMetadataInfer(host: Host, options: MetadataOptions): Promise<number> {
  const [{ loadSettings }, { inferMetadata }] = await Promise.all([
    import('../config/load.ts'),
    import('../config/as-metadata.ts'),
  ]);
  const { policy } = loadSettings(host, options['config.file']);
  const { domains } = await snapshotOf(host, options.from);
  if (!domains.ok) {
    tell(`the domains could not be read: ${printable(domains.error)}`);
    return 2;
  }
  const { commands, leftOut } = inferMetadata(policy, domains.value);
  for (const sentence of leftOut) tell(`left out: ${printable(sentence)}`);
  if (commands.length === 0) {
    tell(leftOut.length > 0 ? 'nothing else is to be written' : 'no rule is for an interface of a domain here');
    return 2;
  }
  print(`${METADATA_HEAD}\n${commands.join('\n')}\n`);
  return 0;
}

async function snapshotOf(host: Host, from: string | undefined): Promise<Snapshot> {
  if (from !== undefined) {
    const { readSnapshotFile } = await import('./snapshot-file.ts');
    return readSnapshotFile(host, from);
  }
  const { readWholeHost } = await import('../host/snapshot.ts');
  return readWholeHost(host);
}

async function runConfigSchema(): Promise<void> {
  const { renderJsonSchema } = await import('../config/json-schema.ts');
  print(renderJsonSchema());
}
