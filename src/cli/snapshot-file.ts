// The file that `--from` names: a snapshot that was printed here or on another host.
import { readTextFile } from '../config/read-file.ts';
import type { Files } from '../host/host.ts';
import type { Snapshot } from '../model/snapshot.ts';

// 1,000 VMs with two interfaces each have some 2 MB.
const MAX_BYTES = 64 * 1024 * 1024;

/** Throws ConfigError. */
export async function readSnapshotFile(host: Files, file: string): Promise<Snapshot> {
  const { parseSnapshot } = await import('../report/snapshot-json.ts');
  return parseSnapshot(readTextFile(host, file, 'expected one that "snapshot" printed', MAX_BYTES), file);
}
