// Follows what the journal says of the hook, since boot, through journalctl(1): counted once, whatever happens to journalctl,
// to journald or to the journal's files meanwhile.
// Each start resumes at a cursor that lies somewhat back, and skips what was counted since.
import type { HookStats } from '../../model/hook-stats.ts';
import { type Log, SILENT } from '../../model/log.ts';
import type { Reading } from '../../model/snapshot.ts';
import { debounce } from '../debounce.ts';
import type { Handle, Host, JournalQuery } from '../host.ts';
import { keepRunning } from '../keep-running.ts';
import { hookInstalled } from './hook-files.ts';
import { allIdentifiers, EVENT_FIELDS, journalTerms, parseHookEvent } from './journal-event.ts';
import { createHookCounts } from './journal-stats.ts';

const PACE = { settleMs: 1000, firstRetryMs: 250, maxRetryMs: 60_000 };
const TIMEOUT_MS = 30_000;
const RECHECK_MS = 60_000;
const MAX_SEEN = 10_000;
const MIN_RECENT = 1000;
const BEING_READ = 'the journal is being read';

/**
 * Starts following. `configured`: identifiers of other hooks than ours, without brackets. The counts are unknown until all that the journal held at the
 * start is counted: a counter that grows to its old value would be taken for news. `changed` is called ten times a second at most.
 */
export function followHookJournal(
  host: Host,
  configured: readonly string[],
  log: Log,
  changed: () => void,
): HookSource {
  const identifiers = allIdentifiers(configured);
  const selection = { anyOf: journalTerms(identifiers), fields: EVENT_FIELDS, thisBoot: true };
  const counts = createHookCounts();
  const place = createPlace();
  const recent = createRecent();
  const news = debounce(() => closed || changed(), { quietMs: 100, maxMs: 1000 });
  let newest: Reading<string | undefined> = { ok: false, error: BEING_READ };
  let caughtUp = false;
  let durationMs = 0;
  // What was asked before the stop may be answered after it.
  let closed = false;

  const add = (line: string) => {
    const event = parseHookEvent(line, identifiers);
    if (event && place.isNew(event.cursor)) {
      counts.add(event);
      if (event.kind === 'suppressed' && caughtUp)
        log.warn(
          { entries: event.entries },
          'journald suppressed entries of libvirt: errors of the hook may be among them',
        );
    }
    if (caughtUp && event) news.trigger();
    if (!caughtUp) {
      recent.add(cursorOf(line));
      catchUp();
    }
  };
  // The newest entry may come before it is known to be the newest; and where it was vacuumed before it came, there is another one now.
  const catchUp = () => {
    if (caughtUp || !newest.ok) return;
    if (newest.value !== undefined && !recent.has(newest.value)) return;
    caughtUp = true;
    recent.clear();
    news.trigger();
  };
  const readAgain = async () => {
    const begin = host.monotonic();
    newest = await readNewest(host, selection);
    durationMs = host.monotonic() - begin;
    news.trigger();
    return newest;
  };

  const start = (ended: (problem: string) => void): Handle => {
    let following: Handle | undefined;
    let timer: NodeJS.Timeout | undefined;
    let stopped = false;
    const check = async () => {
      const answer = await readAgain();
      if (stopped) return;
      if (!answer.ok) return ended(answer.error);
      catchUp();
      if (following) place.advance();
      else {
        following = host.journal.follow(selection, place.from(), { line: add, end: ended });
      }
      timer = setTimeout(check, RECHECK_MS);
    };
    void check();
    return {
      stop: () => {
        stopped = true;
        clearTimeout(timer);
        following?.stop();
      },
    };
  };
  const running = keepRunning({
    ...PACE,
    start,
    onUp: news.trigger,
    onDown: (problem, retryMs) => {
      log.warn({ watcher: 'journal', problem, retry_ms: retryMs }, 'the journal is not followed');
      news.trigger();
    },
  });

  return {
    read: () => ({
      stats: readStats(newest, caughtUp, counts.stats),
      installed: hookInstalled(host),
      durationMs,
      watching: running.up() && newest.ok,
    }),
    stop: () => {
      closed = true;
      running.stop();
      news.cancel();
    },
  };
}

function readStats(newest: Reading<unknown>, caughtUp: boolean, stats: () => HookStats): Reading<HookStats> {
  if (!newest.ok) return newest;
  return caughtUp ? { ok: true, value: stats() } : { ok: false, error: BEING_READ };
}

/** Where following resumes, and what was counted after that place. */
function createPlace() {
  let from: string | undefined;
  let last: string | undefined;
  let seen = new Set<string>();
  const advance = () => {
    from = last;
    seen = new Set(last === undefined ? [] : [last]);
  };
  return {
    advance,
    /** Whether it was not counted yet; it is from now on. */
    isNew(cursor: string): boolean {
      if (seen.has(cursor)) return false;
      if (seen.size >= MAX_SEEN) advance();
      seen.add(cursor);
      last = cursor;
      return true;
    },
    from: () => from,
  };
}

/** The last thousand entries at least, whatever they are: so many may come while the newest one is asked for. */
function createRecent() {
  let [older, newer] = [new Set<string | undefined>(), new Set<string | undefined>()];
  return {
    add(cursor: string | undefined) {
      // Not more: each of these texts keeps the whole line in memory.
      if (newer.size >= MIN_RECENT) [older, newer] = [newer, new Set()];
      newer.add(cursor);
    },
    has: (cursor: string) => newer.has(cursor) || older.has(cursor),
    clear() {
      [older, newer] = [new Set(), new Set()];
    },
  };
}

/** Of an entry as journalctl writes it. */
function cursorOf(line: string | undefined): string | undefined {
  return /"__CURSOR":"([^"]+)"/.exec(line ?? '')?.[1];
}

/** The cursor of the newest entry that is selected; undefined where there is none. */
async function readNewest(host: Host, selection: JournalQuery): Promise<Reading<string | undefined>> {
  const read = await host.journal.read({ ...selection, last: 1 }, TIMEOUT_MS);
  return read.ok ? { ok: true, value: cursorOf(read.value[0]) } : read;
}

/** What the journal holds of the hook, once; its stats are not ok where that takes longer than `waitMs` or cannot be. Never rejects. */
export function readHookOnce(host: Host, identifiers: readonly string[], waitMs: number): Promise<HookView> {
  return new Promise((resolve) => {
    const journal = followHookJournal(host, identifiers, SILENT, () => {
      const { stats } = journal.read();
      if (stats.ok || stats.error !== BEING_READ) end();
    });
    const end = () => {
      clearTimeout(timer);
      const view = journal.read();
      journal.stop();
      resolve(view);
    };
    const timer = setTimeout(end, waitMs);
  });
}

export interface HookView {
  readonly stats: Reading<HookStats>;
  /** A hook of ours or the original is in place and executable; undefined where that cannot be told. */
  readonly installed: boolean | undefined;
  /** Of the last reading of the journal. */
  readonly durationMs: number;
  /** Whether entries are seen at once. */
  readonly watching: boolean;
}

/** The journal's reader. `read` is cheap: it returns what is known. */
export interface HookSource extends Handle {
  read(): HookView;
}
