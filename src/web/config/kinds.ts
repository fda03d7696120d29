// The values that a web config is made of. They are read as Go's YAML reads them, so that a file that works elsewhere works here:
// `1` is text where text is wanted, `no` is false, nothing is "left out". What is secret is never shown.
import { isMap, isScalar, type Node } from 'yaml';
import { nearest } from '../../config/problem.ts';
import { type Field, type JsonSchema, preset, type Shape, scalar } from '../../config/shape.ts';

/** `shape`, or nothing at all, as an empty mapping, which is `empty`. */
export function orNothing<T>(shape: Shape<T>, empty: T): Shape<T> {
  return {
    schema: shape.schema,
    read: (node, path, reader) => (isNothing(node) ? empty : shape.read(node, path, reader)),
  };
}

/** A key that may be left out or have nothing: then it is `value`. */
export function maybe<T>(shape: Shape<T>, value: T, description: string): Field<T> {
  return preset(orNothing(shape, value), description, value);
}

function isNothing(node: Node | null | undefined): boolean {
  return isMap(node) ? node.items.length === 0 : isScalar(node) && node.value === null;
}

/** Text, maybe none. */
export const text: Shape<string> = {
  schema: { type: 'string' },
  read(node, path, reader) {
    const read = textOf(node);
    if (read === undefined) reader.report(node?.range, path, 'expected text, found a list or a mapping');
    return read;
  },
};

/** Text that is not to be seen in a message. `check` says what is wrong with it, undefined where nothing is. */
export function secret(expected: string, check: (value: string) => boolean): Shape<string> {
  return {
    schema: { type: 'string' },
    read(node, path, reader) {
      const read = textOf(node);
      if (read !== undefined && check(read)) return read;
      const found =
        read === undefined ? 'a list or a mapping' : read === '' ? 'nothing' : 'something else, which is not shown';
      reader.report(node?.range, path, `expected ${expected}, found ${found}`);
      return undefined;
    },
  };
}

/**
 * One of these words; nothing is the `preset`. `refuse` says more of a word that is not among them; `suggested` are those that may
 * be offered in its place, of words as near as each other the first.
 */
export function word<T>(
  words: readonly string[],
  map: (word: string) => T,
  refuse: (word: string) => string | undefined = () => undefined,
  suggested = words,
): Shape<T> {
  const schema: JsonSchema = { enum: words };
  return {
    schema,
    read(node, path, reader) {
      const read = textOf(node);
      if (read !== undefined && words.includes(read)) return map(read);
      const why = read === undefined ? undefined : refuse(read);
      const meant = read === undefined ? undefined : nearestOf(read, suggested);
      const found = read === undefined ? 'a list or a mapping' : JSON.stringify(read.slice(0, 60));
      reader.report(
        node?.range,
        path,
        `expected one of ${words.filter((known) => known !== '').join(', ')}; found ${found}${why ? `: ${why}` : meant ? `; did you mean ${meant}?` : ''}`,
      );
      return undefined;
    },
  };
}

function nearestOf(read: string, words: readonly string[]): string | undefined {
  const lower = nearest(
    read,
    words.map((candidate) => candidate.toLowerCase()),
  );
  return words.find((candidate) => candidate.toLowerCase() === lower);
}

const TRUE = ['true', 'yes', 'on', 'y'];
const FALSE = ['false', 'no', 'off', 'n'];

/** True or false, in the words of YAML 1.1. */
export const bool: Shape<boolean> = scalar('true or false', { type: 'boolean' }, (value) => {
  if (typeof value === 'boolean') return value;
  const lower = typeof value === 'string' ? value.toLowerCase() : '';
  return TRUE.includes(lower) ? true : FALSE.includes(lower) ? false : undefined;
});

const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

// An int64 of nanoseconds: 292 years.
const MAX_MS = 2 ** 63 / 1e6;

/** A duration of Go, `1.5s` or `1m30s`; a number alone is nanoseconds. In milliseconds. */
export const goDuration: Shape<number> = scalar(
  'a duration as 100ms, 1s or 1m30s, or 0',
  { type: ['string', 'integer'] },
  (value) => {
    if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value / 1e6 : undefined;
    if (typeof value !== 'string') return undefined;
    if (/^[+-]?0$/.test(value)) return 0;
    if (!/^\+?(\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))*$/.test(value))
      return undefined;
    const parts = [...value.matchAll(/([\d.]+)(ns|us|µs|μs|ms|s|m|h)/g)];
    const ms = parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (UNIT_MS[unit ?? ''] ?? 0), 0);
    return ms <= MAX_MS ? ms : undefined;
  },
);

function textOf(node: Node | null | undefined): string | undefined {
  if (!isScalar(node)) return undefined;
  if (typeof node.value === 'string') return node.value;
  return node.value === null ? '' : (node.source ?? String(node.value));
}
