// A JSON file that another program wrote, or this one in another version: checked against its schema before anything relies on it.
// The schema is the one definition of the file: its type follows from it.
import * as v from 'valibot';

/** As parsed JSON has it, but nobody writes to it. */
export type Frozen<T> = T extends object ? { readonly [K in keyof T]: Frozen<T[K]> } : T;

/** What the text holds. Throws Error, as `FILE.domains[2].failures: expected a number`. */
export function parseJsonFile<const S extends v.GenericSchema>(
  schema: S,
  text: string,
  file: string,
): v.InferOutput<S> {
  const result = v.safeParse(schema, parse(text, file), { abortEarly: true });
  if (result.success) return result.output;
  const [{ path, expected, message }] = result.issues;
  const keys = (path ?? []).map(({ key }) => key);
  const where = keys.map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`)).join('');
  // valibot has the key's name in quotes for one that is missing.
  const isMissing = expected === `"${keys.at(-1)}"`;
  const isOurs = expected === null || !message.startsWith('Invalid ');
  throw new Error(`${file}${where}: ${isMissing ? 'missing' : isOurs ? message : inWords(expected)}`);
}

/** What valibot says was expected, for people: `Object` is `an object`, `("a" | "b")` is `one of "a", "b"`. */
export function inWords(expected: string): string {
  const [, choices] = /^\((.* \| .*)\)$/.exec(expected) ?? [];
  if (choices !== undefined) return `expected one of ${choices.replaceAll(' | ', ', ')}`;
  return `expected ${IN_WORDS[expected] ?? expected}`;
}

function parse(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${file}: ${(error as Error).message}`, { cause: error });
  }
}

const IN_WORDS: Readonly<Record<string, string>> = {
  Object: 'an object',
  Array: 'a list',
  number: 'a number',
  string: 'a string',
  boolean: 'a boolean',
};

/** One for each key of T, and no other: a key that is new in the model is missed here by the compiler. */
export type Entries<T> = Readonly<Record<keyof T, v.GenericSchema>>;

/** Left out of the JSON where it is undefined, and undefined again when read. */
export const known = <const S extends v.GenericSchema>(schema: S) => v.optional(schema, () => undefined);

// ECMA-262, "Time Values and Time Range".
const MAX_DATE_MS = 8.64e15;
const TIME = 'expected a time in milliseconds since 1970';

/** Milliseconds since the epoch, as a Date can hold them. */
export const time = v.pipe(v.number(), v.minValue(0, TIME), v.maxValue(MAX_DATE_MS, TIME));
