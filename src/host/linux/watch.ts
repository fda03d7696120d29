// Tells when something changes on the host: links and VLANs by `ip monitor link` (ip-monitor(8)), which
// prints at each VLAN change, port join and leave; domains by inotify(7) on libvirt's two folders.
// What is printed is not read: there is no JSON, so it only says that it is time for a fresh snapshot.

import type { Log } from '../../model/log.ts';
import { orUndefined } from '../../model/snapshot.ts';
import type { Handle, Host } from '../host.ts';
import { keepRunning } from '../keep-running.ts';
import { NIXOS_FOLDER, PERSISTENT_FOLDER } from './domains.ts';
import { LIVE_FOLDER } from './files.ts';

export interface WatcherState {
  readonly watcher: 'links' | 'domains';
  /** Whether changes are noticed at once. */
  readonly up: boolean;
}

export interface HostWatch extends Handle {
  state(): readonly WatcherState[];
}

const PACE = { settleMs: 1000, firstRetryMs: 250, maxRetryMs: 30_000 };
// libvirt may be installed or started at any time.
const FOLDER_PACE = { ...PACE, maxRetryMs: 5000 };

/**
 * Calls `changed` at each event, undebounced; also when a watcher is up, for what happened while it was not. A watcher that
 * ends is started again, with growing pauses; until then it is down, and the schedule has to do.
 */
export function watchHost(host: Host, changed: (watcher: WatcherState['watcher']) => void, log: Log): HostWatch {
  const tell = (watcher: WatcherState['watcher']) => {
    if (watcher === 'domains') host.domains.changed();
    changed(watcher);
  };
  const keep = (watcher: WatcherState['watcher'], what: string, pace: typeof PACE, start: Start) =>
    keepRunning({
      ...pace,
      start: (ended) => start(() => tell(watcher), ended),
      onUp: () => {
        log.debug({ watcher, what }, 'watcher is up');
        tell(watcher);
      },
      onDown: (problem, retryMs) => log.warn({ watcher, what, problem, retry_ms: retryMs }, 'watcher is down'),
    });
  const links = keep('links', 'ip monitor link', PACE, (event, ended) => host.bridges.watch(event, ended));
  const folders = [LIVE_FOLDER, PERSISTENT_FOLDER].map((path) =>
    keep('domains', path, FOLDER_PACE, (event, ended) =>
      watchFolder(host, whereItIs(host, path), isDomainFile, event, ended),
    ),
  );
  return {
    state: () => [
      { watcher: 'links', up: links.up() },
      { watcher: 'domains', up: folders.every((folder) => folder.up()) },
    ],
    stop: () => {
      links.stop();
      for (const folder of folders) folder.stop();
    },
  };
}

/** Calls `changed` at each change of an entry that `counts`, of a folder that may not be there yet, or no more; silently. */
export function keepFolderWatched(host: Host, path: string, changed: () => void, counts: Counts = () => true): Handle {
  return keepRunning({
    ...FOLDER_PACE,
    start: (ended) => watchFolder(host, path, counts, changed, ended),
    onUp: changed,
    onDown: changed,
  });
}

function whereItIs(host: Host, path: string): string {
  return path === PERSISTENT_FOLDER && host.stat(path) === undefined ? NIXOS_FOLDER : path;
}

type Start = (event: () => void, ended: (problem: string) => void) => Handle;

/** Whether an entry of this name does; undefined where the kernel names none. */
type Counts = (name: string | undefined) => boolean;

// inotify follows the inode: a folder that is deleted and made again would be watched no more, without an error. Its deletion
// is an event, though, so each event asks whether it is still the same.
function watchFolder(
  host: Host,
  path: string,
  counts: Counts,
  event: () => void,
  ended: (problem: string) => void,
): Handle {
  const watched = host.stat(path)?.ino;
  if (watched === undefined) throw new Error('no such folder');
  const isWatched = () => orUndefined(() => host.stat(path)?.ino) === watched;
  return host.watch(
    path,
    (name) => {
      if (counts(name)) event();
      if (!isWatched()) ended('the folder was replaced or removed');
    },
    ended,
  );
}

// Beside `NAME.xml` libvirt keeps pid files, sockets, and `NAME.xml.new`, which becomes `NAME.xml` by rename.
function isDomainFile(name: string | undefined): boolean {
  return name === undefined || name.endsWith('.xml') || !name.includes('.');
}
