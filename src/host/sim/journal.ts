// The journal of the simulated host. Entries are as `journalctl -o json` has them: systemd.journal-fields(7), journalctl(1).
import { printable } from '../../model/printable.ts';
import type { FollowEvents, Journal, JournalQuery } from '../host.ts';

/** A field may stand several times, as in journald. */
export type JournalEntry = Readonly<Record<string, string | readonly string[]>>;

export interface SimJournal extends Journal {
  append(fields: JournalEntry): void;
  readonly entries: readonly JournalEntry[];
  /** Ends what follows, as when journald or journalctl dies. */
  killFollowers(problem: string): void;
}

const BOOT_ID = '5a1e0000000000000000000000000001';

/** `now`: milliseconds since the epoch. */
export function createSimJournal(now: () => number): SimJournal {
  const entries: JournalEntry[] = [];
  const followers = new Set<{ readonly query: JournalQuery; readonly events: FollowEvents }>();

  const append = (fields: JournalEntry) => {
    const seq = entries.length + 1;
    const entry: JournalEntry = {
      __CURSOR: `s=sim;i=${seq.toString(16)}`,
      __REALTIME_TIMESTAMP: String(Math.round(now() * 1000)),
      __MONOTONIC_TIMESTAMP: String(seq),
      _BOOT_ID: BOOT_ID,
      _TRANSPORT: 'journal',
      _UID: '0',
      _HOSTNAME: 'sim',
      PRIORITY: '6',
      ...fields,
    };
    entries.push(entry);
    for (const follower of followers) tell(follower, entry);
  };
  const tell = (follower: { readonly query: JournalQuery; readonly events: FollowEvents }, entry: JournalEntry) => {
    if (!fits(entry, follower.query)) return;
    queueMicrotask(() => followers.has(follower) && follower.events.line(JSON.stringify(entry)));
  };

  return {
    entries,
    append,
    read: async (query) => {
      const found = entries.filter((entry) => fits(entry, query));
      return { ok: true, value: found.slice(-(query.last ?? found.length)).map((entry) => JSON.stringify(entry)) };
    },
    follow: (query, from, events) => {
      const follower = { query, events };
      followers.add(follower);
      const begin = Math.max(
        0,
        entries.findIndex((entry) => entry.__CURSOR === from),
      );
      for (const entry of entries.slice(begin)) tell(follower, entry);
      return { stop: () => void followers.delete(follower) };
    },
    write: async (fields) => {
      const values = Object.entries(fields).flatMap(([name, value]): [string, string | readonly string[]][] => {
        const list = [value ?? []].flat().map((item) => printable(String(item)));
        return list.length === 0 ? [] : [[name, list.length === 1 ? (list[0] ?? '') : list]];
      });
      append({ ...Object.fromEntries(values), _COMM: 'logger' });
      return undefined;
    },
    killFollowers(problem) {
      for (const follower of [...followers]) {
        followers.delete(follower);
        queueMicrotask(() => follower.events.end(problem));
      }
    },
  };
}

function fits(entry: JournalEntry, { anyOf, since = 0 }: JournalQuery): boolean {
  const isRecent = Number(entry.__REALTIME_TIMESTAMP) >= since * 1000;
  return isRecent && (anyOf.length === 0 || anyOf.some((terms) => fitsAll(entry, terms)));
}

/** Terms of one field are alternatives, different fields must all fit. */
function fitsAll(entry: JournalEntry, terms: readonly string[]): boolean {
  const fields = new Set(terms.map((term) => term.slice(0, term.indexOf('='))));
  return [...fields].every((field) => [entry[field] ?? []].flat().some((value) => terms.includes(`${field}=${value}`)));
}
