// What the daemons log through: pino's shape, fields first, and its two formats. Logs go to stderr.
// logfmt: https://brandur.org/logfmt; the priority prefix: sd-daemon(3).
import { pino } from 'pino';
import { stderrIsJournal } from '../host/linux/process.ts';
import type { Log, LogFormat, LogLevel } from '../model/log.ts';
import { cut } from '../model/printable.ts';

export interface LogOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** One line with its newline. */
  readonly write?: (line: string) => void;
  /** Whether each line begins with `<PRIORITY>`, from which journald takes the entry's. */
  readonly priorities?: boolean;
}

// Enough for a stack trace; text from others must not fill the journal.
const MAX_TEXT = 4000;

const PRIORITIES: Readonly<Record<string, number>> = { debug: 7, info: 6, warn: 4, error: 3 };

/** A pino logger: one line an entry; time in RFC 3339, unless journald adds its own. */
export function createLog(options: LogOptions): Log {
  const write = options.write ?? ((line: string) => void process.stderr.write(line));
  const priorities = options.priorities ?? stderrIsJournal();
  const destination = {
    write(line: string) {
      const entry: Record<string, unknown> = JSON.parse(line, (_, value) =>
        typeof value === 'string' ? cut(value, MAX_TEXT) : value,
      );
      const prefix = priorities ? `<${PRIORITIES[String(entry.level)]}>` : '';
      write(`${prefix}${options.format === 'json' ? JSON.stringify(entry) : logfmt(entry)}\n`);
    },
  };
  return pino(
    {
      level: options.level,
      base: null,
      messageKey: 'msg',
      timestamp: priorities ? false : pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
}

/** `key=value` pairs; a value with anything but printable characters without space, quote and `=` is quoted as JSON. */
export function logfmt(entry: Readonly<Record<string, unknown>>): string {
  return Object.entries(entry)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => {
      const text = typeof value === 'string' ? value : JSON.stringify(value);
      return `${key}=${/^[^\s"=\p{C}]+$/u.test(text) ? text : JSON.stringify(text)}`;
    })
    .join(' ');
}
