// `journalctl` and `logger --journald` on the journal of the simulated host, as far as the program uses them. What is not modelled throws.
import type { FollowEvents, Handle } from '../../../src/host/host.ts';
import type { JournalEntry, SimJournal } from '../../../src/host/sim/journal.ts';

interface Query {
  readonly follow: boolean;
  readonly lines: number;
  /** Begins with this entry. */
  readonly cursor: string | undefined;
  /** Microseconds since the epoch. */
  readonly since: number;
  readonly matches: (entry: JournalEntry) => boolean;
}

/** What `journalctl ARGS` prints, without `-f`. */
export function queryJournal(journal: SimJournal, args: readonly string[]): string {
  const { since, matches, lines } = parseArgs(args);
  const found = journal.entries.filter((entry) => Number(entry.__REALTIME_TIMESTAMP) >= since && matches(entry));
  const shown = Number.isFinite(lines) ? found.slice(Math.max(0, found.length - lines)) : found;
  return shown.map((entry) => `${JSON.stringify(entry)}\n`).join('');
}

/** `journalctl -f ARGS`. */
export function followJournal(journal: SimJournal, args: readonly string[], events: FollowEvents): Handle {
  const { cursor, matches } = parseArgs(args);
  const line = (text: string) => matches(JSON.parse(text)) && events.line(text);
  return journal.follow({ anyOf: [], fields: [] }, cursor, { line, end: events.end });
}

/** What `logger --journald` reads: one entry, `FIELD=value` lines. */
export function parseFields(text: string): JournalEntry {
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
  let cursor: string | undefined;
  let since = 0;
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
    else if (name === '--cursor') cursor = value;
    else if (name === '--since' && value.startsWith('@')) since = Number(value.slice(1)) * 1_000_000;
    else if (name === '--output-fields') continue;
    else if (name === '-t' || name === '--identifier') {
      all.set('SYSLOG_IDENTIFIER', [...(all.get('SYSLOG_IDENTIFIER') ?? []), value]);
    } else if (['-b', '--boot', '--all', '-a', '-q', '--quiet', '--no-pager', '--system'].includes(name)) continue;
    else if (name === '+') terms.push(new Map());
    else if (/^[A-Z0-9_]+$/.test(name)) match(name, value);
    else throw new Error(`simulated host: journalctl ${name} is not modelled`);
  }
  if (!json && lines !== 0) throw new Error('simulated host: journalctl without -o json is not modelled');
  const matches = (entry: JournalEntry) =>
    fits(entry, all) && (terms.every((term) => term.size === 0) || terms.some((term) => fits(entry, term)));
  return {
    follow,
    lines: lines ?? (follow ? 10 : Number.POSITIVE_INFINITY),
    cursor,
    since,
    matches,
  };
}

const WITH_VALUE = ['-o', '--output', '-n', '--lines', '--cursor', '-t', '--identifier'];

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
