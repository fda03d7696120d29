// What the remediator tells of itself, read as data: it is another process, of another version perhaps, and may be gone.
import { parseJsonFile } from '../model/json-file.ts';
import { STATUS_FILE } from '../model/remediator-paths.ts';
import { REMEDIATOR_STATUS, type RemediatorView } from '../model/remediator-status.ts';
import type { Host } from './host.ts';

// A thousand domains, all held, have some 500 kB.
const MAX_BYTES = 16 * 1024 * 1024;

// A cycle that is due may take a while, and two clocks read one after another may differ.
const GRACE_MS = 60_000;

/**
 * Reads the status file anew where it has changed. It is current until the cycle that it announces is long overdue; one from the
 * future was written before the clock was set back, and says nothing of now.
 */
export function createStatusReader(host: Host): () => RemediatorView {
  let last: { readonly identity: string; readonly view: RemediatorView } | undefined;
  return () => {
    let view: RemediatorView;
    try {
      const stat = host.stat(STATUS_FILE);
      if (!stat) return { kind: 'absent' };
      const identity = `${stat.ino} ${stat.mtimeMs} ${stat.size}`;
      if (last?.identity !== identity) {
        if (!stat.isFile || stat.size > MAX_BYTES) throw new Error('not a status file');
        last = { identity, view: parseStatus(host.readText(STATUS_FILE)) };
      }
      view = last.view;
    } catch (error) {
      return { kind: 'unreadable', problem: (error as Error).message };
    }
    if (view.kind !== 'current') return view;
    const { lastCycleAt, nextCycleAt = lastCycleAt } = view.status;
    const now = host.now();
    const current = lastCycleAt - GRACE_MS <= now && now <= nextCycleAt + GRACE_MS;
    return current ? view : { ...view, kind: 'stale' };
  };
}

/** The file's text as a view that is `current` or `unreadable`. */
export function parseStatus(text: string): RemediatorView {
  try {
    return { kind: 'current', status: parseJsonFile(REMEDIATOR_STATUS, text, 'status.json') };
  } catch (error) {
    return { kind: 'unreadable', problem: (error as Error).message };
  }
}
