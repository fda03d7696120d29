// Whether the files of a folder are as they were, by one stat(2) of the folder instead of one for each file: libvirt writes a
// domain's XML beside the old one and renames it (virFileRewrite), and that sets the folder's mtime.
import { orUndefined } from '../../model/snapshot.ts';
import type { FileStat, Host } from '../host.ts';

// What somebody writes into a file that is there, or does to its permissions, leaves the folder's mtime as it was.
const TRUST_MS = 10_000;
// Two changes within one tick of a file system's clock have the same mtime. Of the clocks in use, ext2's tick of a second is the longest.
const SETTLED_MS = 2000;

interface Mark {
  readonly stat: FileStat;
  /** Whether a later change is bound to have another mtime. */
  readonly settled: boolean;
}

export interface FolderWatermark {
  /** Whether nothing changed since `begin`, and what was read then was kept. */
  holds(): boolean;
  /** Call it before the files are read, and what it returns when all is read and understood. Until then it does not hold. */
  begin(): () => void;
  /** From now on it does not hold; what is being read now is not kept. */
  drop(): void;
}

/** Of several folders, of which some may not be there. Throws nothing: where a folder cannot be looked at, it does not hold. */
export function createFolderWatermark(
  host: Pick<Host, 'stat' | 'now' | 'monotonic'>,
  folders: readonly string[],
): FolderWatermark {
  let marks: readonly (Mark | undefined)[] | undefined;
  let lookedAt = 0;
  let readings = 0;
  const look = (folder: string): Mark | undefined => {
    const now = host.now();
    const stat = host.stat(folder);
    return stat && { stat, settled: now - stat.mtimeMs > SETTLED_MS };
  };
  const holds = () => {
    if (!marks || host.monotonic() - lookedAt > TRUST_MS) return false;
    return folders.every((folder, i) => {
      const [then, now] = [marks?.[i], look(folder)?.stat];
      return then === undefined
        ? now === undefined
        : then.settled && then.stat.ino === now?.ino && then.stat.mtimeMs === now.mtimeMs;
    });
  };
  const drop = () => {
    marks = undefined;
    readings += 1;
  };
  return {
    holds: () => orUndefined(holds) ?? false,
    begin: () => {
      drop();
      const [reading, at] = [readings, host.monotonic()];
      const found = orUndefined(() => folders.map(look));
      return () => {
        if (reading !== readings) return;
        marks = found;
        lookedAt = at;
      };
    },
    drop,
  };
}
