// `config check|infer|schema`: what is wrong with a config file, a first one for this host, and the JSON Schema for editors.
import type { Command } from 'commander';
import { inferConfig } from '../config/infer.ts';
import { renderJsonSchema } from '../config/json-schema.ts';
import { loadSettings } from '../config/load.ts';
import { DEFAULT_CONFIG_FILE } from '../config/settings.ts';
import type { Host } from '../host/host.ts';
import { listBridges } from '../host/links.ts';
import { createSnapshotReader } from '../host/snapshot.ts';
import { print, tell } from './output.ts';

export function register(program: Command): void {
  const config = program.command('config').description('check a config file, or propose one');
  config
    .command('check')
    .description('tell what is wrong with a config file, by line and key')
    .argument('[file]', 'the config file', DEFAULT_CONFIG_FILE)
    .addHelpText('after', '\nExit status: 0 valid, 2 not.')
    .action(async (file: string) => {
      const { createHost } = await import('../host/real.ts');
      runConfigCheck(createHost(), file);
    });
  config
    .command('infer')
    .description('propose a config file from what runs now, on stdout')
    .addHelpText('after', '\nExit status: 0 proposed, 2 nothing to propose or the host could not be read.')
    .action(async () => {
      const { createHost } = await import('../host/real.ts');
      process.exitCode = await runConfigInfer(createHost());
    });
  config
    .command('schema')
    .description('print the JSON Schema of the config file')
    .action(() => print(renderJsonSchema()));
}

/** Prints what the file says in one line. Throws ConfigError. */
export function runConfigCheck(host: Host, file: string): void {
  const { policy } = loadSettings(host, file);
  const bridges = policy.bridges.map(
    ({ name, rules }) => `${name} (${rules.length} ${rules.length === 1 ? 'rule' : 'rules'})`,
  );
  print(`${file}: valid; bridges: ${bridges.join(', ')}; policy ${policy.sha256}\n`);
}

/** Returns the exit status. */
export async function runConfigInfer(host: Host): Promise<number> {
  const bridges = listBridges(host).map((name) => ({ name }));
  const { text, leftOut } = inferConfig(await createSnapshotReader(host)({ bridges }));
  for (const sentence of leftOut) tell(`left out: ${sentence}`);
  if (text === undefined) {
    tell(bridges.length === 0 ? 'this host has no Linux bridge' : 'no vnet on a VLAN-filtering bridge to learn from');
    return 2;
  }
  print(text);
  return 0;
}
