// Structured journal entries, through `logger --journald` (util-linux), which speaks journald's native protocol: real PRIORITY,
// own fields, a field more than once. systemd.journal-fields(7), logger(1).
// logger reads one field a line and ends at an empty line, so a value with a newline could bring in fields of its own: guests
// are named by others, and every control character is written as \xNN.
import type { JournalFields } from '../../model/journal.ts';
import { printable } from '../../model/printable.ts';

/** The entry as `logger --journald` reads it. Throws RangeError for a field name that journald would not take. */
export function renderEntry(fields: JournalFields): string {
  const lines = Object.entries(fields).flatMap(([name, value]) => {
    if (!/^[A-Z][A-Z0-9_]{0,63}$/.test(name)) throw new RangeError(`journal field ${JSON.stringify(name)}`);
    const values = value === undefined ? [] : Array.isArray(value) ? value : [String(value)];
    return values.map((text: string) => `${name}=${printable(text)}\n`);
  });
  return lines.join('');
}
