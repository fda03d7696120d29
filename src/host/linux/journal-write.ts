// Structured journal entries, through `logger --journald` (util-linux), which speaks journald's native protocol: real PRIORITY,
// own fields, a field more than once. systemd.journal-fields(7), logger(1).
// logger reads one field a line and ends at an empty line, so a value with a newline could bring in fields of its own: guests
// are named by others, and every control character is written as \xNN.
import { printable } from '../../model/printable.ts';
import type { Host } from '../host.ts';

/** syslog(3)'s levels that are in use here. */
export const PRIORITY = { error: 3, warning: 4, notice: 5, info: 6 } as const;

/** By field name (capitals, digits, underscores). undefined is left out, of a list each item is a field of its own. */
export interface JournalFields {
  readonly MESSAGE: string;
  readonly PRIORITY: number;
  readonly SYSLOG_IDENTIFIER: string | readonly string[];
  readonly [name: string]: string | number | readonly string[] | undefined;
}

const TIMEOUT_MS = 2_000;

/** Writes one entry. Resolves to a problem for people where it could not be written, else undefined; never rejects. */
export async function journalEntry(host: Host, fields: JournalFields): Promise<string | undefined> {
  const result = await host.run('logger', ['--journald'], { input: renderEntry(fields), timeoutMs: TIMEOUT_MS });
  return result.problem;
}

/** The entry as `logger --journald` reads it. Throws RangeError for a field name that journald would not take. */
export function renderEntry(fields: JournalFields): string {
  const lines = Object.entries(fields).flatMap(([name, value]) => {
    if (!/^[A-Z][A-Z0-9_]{0,63}$/.test(name)) throw new RangeError(`journal field ${JSON.stringify(name)}`);
    const values = value === undefined ? [] : Array.isArray(value) ? value : [String(value)];
    return values.map((text: string) => `${name}=${printable(text)}\n`);
  });
  return lines.join('');
}
