// `snapshot`: reads the host once and prints it.
import { loadSettings } from '../../config/load.ts';
import type { Host } from '../../host/host.ts';
import { createSnapshotReader } from '../../host/snapshot.ts';
import { renderSnapshot } from '../../report/snapshot-json.ts';
import type { ConfigFileOption } from '../options.ts';
import { print, tell } from './output.ts';

/** Returns the exit status. Throws ConfigError. */
export async function runSnapshot(host: Host, options: ConfigFileOption): Promise<number> {
  const { policy } = loadSettings(host, options['config.file']);
  const snapshot = await createSnapshotReader(host)(policy);
  print(renderSnapshot(snapshot));
  const failed = [snapshot.links, snapshot.vlans, snapshot.domains].flatMap((part) => (part.ok ? [] : [part.error]));
  for (const error of failed) tell(error);
  return failed.length > 0 ? 2 : 0;
}
