// The journal of the simulated host, and the `journalctl` and `logger --journald` that the program uses on it.
// Follows systemd.journal-fields(7), journalctl(1) ("-o json") and logger(1).
import type { FollowEvents, Handle } from '../host.ts';

/** A field may stand several times, as in journald. */
export type JournalFields = Readonly<Record<string, string | readonly string[]>>;

export interface Journal {
  append(fields: JournalFields): void;
  /** `logger --journald`: one entry, `FIELD=value` lines. */
  appendLines(text: string): void;
  readonly entries: readonly JournalEntry[];
  /** What `journalctl ARGS` (without `-f`) prints. Throws Error where an argument is not modelled. */
  query(args: readonly string[]): string;
  /** `journalctl -f ARGS`. Throws Error where an argument is not modelled. */
  follow(args: readonly string[], events: FollowEvents): Handle;
  /** Ends what follows, as when journald or journalctl dies. */
  killFollowers(problem: string): void;
}

export type JournalEntry = Readonly<Record<string, string | readonly string[]>>;

interface Query {
  readonly follow: boolean;
  readonly lines: number;
  readonly afterCursor: string | undefined;
  /** Begins with this entry. */
  readonly cursor: string | undefined;
  /** Microseconds since the epoch. */
  readonly since: number;
  /** `-F FIELD`: the values of a field instead of entries. */
  readonly field: string | undefined;
  readonly matches: (entry: JournalEntry) => boolean;
}

const BOOT_ID = '5a1e0000000000000000000000000001';

/** `now`: milliseconds since the epoch. */
export function createJournal(now: () => number): Journal {
  const entries: JournalEntry[] = [];
  const followers = new Set<{ query: Query; events: FollowEvents }>();

  const append = (fields: JournalFields) => {
    const seq = entries.length + 1;
    const micros = String(Math.round(now() * 1000));
    const entry: JournalEntry = {
      __CURSOR: `s=sim;i=${seq.toString(16)}`,
      __REALTIME_TIMESTAMP: micros,
      __MONOTONIC_TIMESTAMP: String(seq),
      _BOOT_ID: BOOT_ID,
      _TRANSPORT: 'journal',
      _UID: '0',
      _HOSTNAME: 'sim',
      PRIORITY: '6',
      ...fields,
    };
    entries.push(entry);
    for (const { query, events } of followers) {
      if (query.matches(entry)) queueMicrotask(() => events.line(JSON.stringify(entry)));
    }
  };

  const select = (query: Query): readonly JournalEntry[] => {
    const indexOf = (cursor: string) => entries.findIndex((entry) => entry.__CURSOR === cursor);
    const after =
      query.cursor !== undefined
        ? Math.max(0, indexOf(query.cursor))
        : query.afterCursor === undefined
          ? 0
          : indexOf(query.afterCursor) + 1;
    const found = entries
      .slice(after)
      .filter((entry) => Number(entry.__REALTIME_TIMESTAMP) >= query.since && query.matches(entry));
    return Number.isFinite(query.lines) ? found.slice(Math.max(0, found.length - query.lines)) : found;
  };

  return {
    entries,
    append,
    appendLines: (text) => append({ ...parseFields(text), _COMM: 'logger' }),
    query(args) {
      const query = parseArgs(args);
      if (query.field !== undefined) {
        return [...new Set(entries.flatMap((entry) => entry[query.field ?? ''] ?? []))]
          .map((value) => `${value}\n`)
          .join('');
      }
      return select(query)
        .map((entry) => `${JSON.stringify(entry)}\n`)
        .join('');
    },
    follow(args, events) {
      const query = parseArgs(args);
      const follower = { query, events };
      for (const entry of select(query)) {
        queueMicrotask(() => followers.has(follower) && events.line(JSON.stringify(entry)));
      }
      followers.add(follower);
      return { stop: () => void followers.delete(follower) };
    },
    killFollowers(problem) {
      for (const follower of [...followers]) {
        followers.delete(follower);
        queueMicrotask(() => follower.events.end(problem));
      }
    },
  };
}

function parseFields(text: string): JournalFields {
  const fields: Record<string, string | string[]> = {};
  for (const line of text.split('\n')) {
    if (line === '') break;
    const equals = line.indexOf('=');
    if (equals < 1) continue;
    const key = line.slice(0, equals);
    const value = line.slice(equals + 1);
    const had = fields[key];
    fields[key] = had === undefined ? value : [had, value].flat();
  }
  return fields;
}

function parseArgs(args: readonly string[]): Query {
  let follow = false;
  let lines: number | undefined;
  let afterCursor: string | undefined;
  let cursor: string | undefined;
  let since = 0;
  let field: string | undefined;
  let json = false;
  const terms: Map<string, string[]>[] = [new Map()];
  const match = (field: string, value: string) => {
    const term = terms.at(-1) as Map<string, string[]>;
    term.set(field, [...(term.get(field) ?? []), value]);
  };
  const all = new Map<string, string[]>();
  for (const { name, value } of options(args)) {
    if (name === '-f' || name === '--follow') follow = true;
    else if (name === '-o' || name === '--output') json = value === 'json';
    else if (name === '-n' || name === '--lines') lines = value === 'all' ? Number.POSITIVE_INFINITY : Number(value);
    else if (name === '--no-tail') lines = Number.POSITIVE_INFINITY;
    else if (name === '--after-cursor') afterCursor = value;
    else if (name === '--cursor') cursor = value;
    else if (name === '--since' && value.startsWith('@')) since = Number(value.slice(1)) * 1_000_000;
    else if (name === '-F' || name === '--field') field = value;
    else if (name === '--output-fields') continue;
    else if (name === '-t' || name === '--identifier') {
      all.set('SYSLOG_IDENTIFIER', [...(all.get('SYSLOG_IDENTIFIER') ?? []), value]);
    } else if (['-b', '--boot', '--all', '-a', '-q', '--quiet', '--no-pager', '--system'].includes(name)) continue;
    else if (name === '+') terms.push(new Map());
    else if (/^[A-Z0-9_]+$/.test(name)) match(name, value);
    else throw new Error(`simulated host: journalctl ${name} is not modelled`);
  }
  if (!json && field === undefined) throw new Error('simulated host: journalctl without -o json is not modelled');
  const matches = (entry: JournalEntry) =>
    fits(entry, all) && (terms.every((term) => term.size === 0) || terms.some((term) => fits(entry, term)));
  return {
    follow,
    lines: lines ?? (follow ? 10 : Number.POSITIVE_INFINITY),
    afterCursor,
    cursor,
    since,
    field,
    matches,
  };
}

const WITH_VALUE = [
  '-o',
  '--output',
  '-n',
  '--lines',
  '--after-cursor',
  '--cursor',
  '-F',
  '--field',
  '-t',
  '--identifier',
];

/** Arguments as name and value: `-o json`, `--output=json`, `FIELD=value`. */
function* options(args: readonly string[]): Generator<{ name: string; value: string }> {
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] as string;
    const equals = arg.indexOf('=');
    if (equals > 0) yield { name: arg.slice(0, equals), value: arg.slice(equals + 1) };
    else if (WITH_VALUE.includes(arg)) {
      at += 1;
      yield { name: arg, value: args[at] ?? '' };
    } else yield { name: arg, value: '' };
  }
}

/** Values of one field are alternatives, different fields must all fit. */
function fits(entry: JournalEntry, term: ReadonlyMap<string, readonly string[]>): boolean {
  return [...term].every(([field, values]) => [entry[field] ?? []].flat().some((value) => values.includes(value)));
}
