// The file that `--from` names: a snapshot that was printed here or on another host.
import type { Host } from '../host/host.ts';
import type { Snapshot } from '../model/snapshot.ts';

// 1,000 VMs with two interfaces each have some 2 MB.
const MAX_BYTES = 64 * 1024 * 1024;

/** Throws SnapshotError. */
export async function readSnapshotFile(host: Pick<Host, 'stat' | 'readText'>, file: string): Promise<Snapshot> {
  const { parseSnapshot, SnapshotError } = await import('../report/snapshot-json.ts');
  const read = () => {
    try {
      const stat = host.stat(file);
      if (!stat) throw new SnapshotError(file, 'no such file; expected one that "snapshot" printed');
      if (!stat.isFile) throw new SnapshotError(file, 'not a regular file');
      if (stat.size > MAX_BYTES) throw new SnapshotError(file, `larger than ${MAX_BYTES / 1024 ** 2} MiB`);
      return host.readText(file);
    } catch (cause) {
      if (cause instanceof SnapshotError) throw cause;
      throw new SnapshotError(file, `cannot be read: ${(cause as Error).message}`, { cause });
    }
  };
  return parseSnapshot(read(), file);
}
