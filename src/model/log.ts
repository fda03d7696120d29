// What code that logs needs of a logger: pino's shape, fields first.

type Write = (fields: Readonly<Record<string, unknown>>, message: string) => void;

/** What code that logs needs; a pino logger is one. */
export interface Log {
  readonly debug: Write;
  readonly info: Write;
  readonly warn: Write;
  readonly error: Write;
}
