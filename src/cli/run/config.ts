// `config check`, `config infer` and `config schema`.
import { inferConfig } from '../../config/infer.ts';
import { renderJsonSchema } from '../../config/json-schema.ts';
import { loadSettings } from '../../config/load.ts';
import type { Host } from '../../host/host.ts';
import { listBridges } from '../../host/linux/links.ts';
import { createSnapshotReader } from '../../host/snapshot.ts';
import { print, tell } from './output.ts';

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

export function runConfigSchema(): void {
  print(renderJsonSchema());
}
