// What code that logs needs of a logger: pino's shape, fields first.

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export const LOG_FORMATS = ['logfmt', 'json'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

type Write = (fields: Readonly<Record<string, unknown>>, message: string) => void;

/** What code that logs needs; a pino logger is one. */
export interface Log {
  readonly debug: Write;
  readonly info: Write;
  readonly warn: Write;
  readonly error: Write;
}

/** Where nobody reads a log. */
export const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {} };
