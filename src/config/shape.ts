// Building blocks of the config file's schema. One definition gives three things: the reader of the YAML tree with errors that
// know line and key, the TypeScript type of what was read, and the JSON Schema for editors.
// Not a schema library, because the hook reads the config at the first VM start after each edit, and the VM waits for that: loading and
// compiling ajv costs about as much again as starting node, typebox a quarter of it, this next to nothing. The tests hold it against
// ajv on the JSON Schema.
import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Range, Scalar } from 'yaml';
import { describe, nearest } from './problem.ts';
import { inQuotes } from './yaml-problems.ts';

export type Path = readonly (string | number)[];
export type JsonSchema = { readonly [key: string]: unknown };
export type YamlNode = Node | null | undefined;

/** A kind of value in the file. `read` returns undefined after it told `reader` what is wrong. */
export interface Shape<T> {
  readonly schema: JsonSchema;
  read(node: YamlNode, path: Path, reader: ReadContext): T | undefined;
}

/** Where reading tells what is wrong. */
export interface ReadContext {
  readonly document: Document;
  /** `range`: of the thing in the text; undefined where it is about the whole file. */
  report(range: Range | null | undefined, path: Path, text: string): void;
}

/** A problem found in a value that reads well: `path` from that value on. */
export interface Remark {
  readonly path: Path;
  readonly text: string;
}

/** A single value. `parse` returns undefined for what is not as `expected` says. */
export function scalar<T>(expected: string, schema: JsonSchema, parse: (value: unknown) => T | undefined): Shape<T> {
  return {
    schema,
    read(node, path, reader) {
      const parsed = isScalar(node) ? parse(node.value) : undefined;
      if (parsed === undefined) reader.report(node?.range, path, `expected ${expected}, found ${found(node)}`);
      return parsed;
    },
  };
}

/** A list of at least `min` items. */
export function list<T>(item: Shape<T>, expected: string, min = 0): Shape<readonly T[]> {
  return {
    schema: { type: 'array', items: item.schema, ...(min > 0 ? { minItems: min } : {}) },
    read(node, path, reader) {
      if (!isSeq(node) || node.items.length < min) {
        reader.report(node?.range, path, `expected ${expected}, found ${found(node)}`);
        return undefined;
      }
      const items = node.items.map((entry, i) => item.read(target(entry, reader), [...path, i], reader));
      return items.every((entry) => entry !== undefined) ? items : undefined;
    },
  };
}

/** A mapping from names of the operator's choice; `{}` is one of none. `name` checks the name. */
export function record<T>(
  name: Shape<string>,
  entry: Shape<T>,
  expected: string,
): Shape<readonly (readonly [string, T])[]> {
  return {
    schema: { type: 'object', additionalProperties: entry.schema, propertyNames: name.schema },
    read(node, path, reader) {
      const pairs = readPairs(node, path, reader, expected);
      const entries = pairs?.map(({ key, keyNode, value }) => {
        const at = [...path, key];
        const named = name.read(keyNode, at, reader);
        const read = entry.read(value, at, reader);
        return named !== undefined && read !== undefined ? ([key, read] as const) : undefined;
      });
      return entries?.every((e) => e !== undefined) ? entries : undefined;
    },
  };
}

/** A key of a mapping: its value, what it is for, and what it is where the file leaves it out. */
export interface Field<T> {
  readonly shape: Shape<T>;
  readonly description: string;
  readonly required: boolean;
  /** Where it is not required; undefined then means "left out". */
  readonly preset: T | undefined;
  /** The preset as one would write it in the file. */
  readonly written: unknown;
}

export type Fields = { readonly [key: string]: Field<unknown> };
type ValueOf<F extends Fields> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never };

export function required<T>(shape: Shape<T>, description: string): Field<T> {
  return { shape, description, required: true, preset: undefined, written: undefined };
}

/** `written`: the preset as one would write it, where that is something else. */
export function preset<T>(shape: Shape<T>, description: string, value: T, written: unknown = value): Field<T> {
  return { shape, description, required: false, preset: value, written };
}

/** May be left out, and then is undefined. */
export function optional<T>(shape: Shape<T>, description: string): Field<T | undefined> {
  return { shape, description, required: false, preset: undefined, written: undefined };
}

/** A mapping whose keys all have presets; itself preset to all of them. */
export function section<F extends Fields>(fields: F, description: string): Field<ValueOf<F>> {
  return preset(object(fields), description, presetsOf(fields), {});
}

/** What a mapping of these keys is where the file leaves them all out; none of them is required. */
export function presetsOf<F extends Fields>(fields: F): ValueOf<F> {
  return Object.fromEntries(Object.entries(fields).map(([key, field]) => [key, field.preset])) as ValueOf<F>;
}

/** A mapping of these keys and no others. */
export function object<F extends Fields>(fields: F): Shape<ValueOf<F>> {
  const keys = Object.keys(fields);
  const expected = `a mapping with keys out of: ${keys.join(', ')}`;
  return {
    schema: objectSchema(fields),
    read(node, path, reader) {
      const pairs = readPairs(node, path, reader, expected);
      if (!pairs) return undefined;
      let sound = true;
      for (const { key, keyNode } of pairs) {
        if (Object.hasOwn(fields, key)) continue;
        const meant = nearest(key, keys);
        const hint = meant ? `did you mean ${meant}?` : `known here: ${keys.join(', ')}`;
        reader.report(keyNode.range, [...path, key], `unknown key; ${hint}`);
        sound = false;
      }
      const values = Object.entries(fields).map(([key, field]): [string, unknown] => {
        const pair = pairs.find((candidate) => candidate.key === key);
        if (pair) {
          const value = field.shape.read(pair.value, [...path, key], reader);
          if (value === undefined) sound = false;
          return [key, value];
        }
        if (field.required) {
          reader.report(node?.range, [...path, key], `this key is missing: ${field.description}`);
          sound = false;
        }
        return [key, field.preset];
      });
      return sound ? (Object.fromEntries(values) as ValueOf<F>) : undefined;
    },
  };
}

/** In the published schema: at least one of these keys stands. To say so of a file is a `check`'s. */
export function anyOf<T>(shape: Shape<T>, keys: readonly string[]): Shape<T> {
  return {
    ...shape,
    schema: { ...shape.schema, anyOf: keys.map((key) => ({ properties: { [key]: {} }, required: [key] })) },
  };
}

/** `shape`, and where it reads well, what `check` remarks on as a whole. */
export function checked<T>(shape: Shape<T>, check: (value: T) => readonly Remark[]): Shape<T> {
  return after(shape, (value, ...at) => (value !== undefined && isSound(check(value), ...at) ? value : undefined));
}

/** `shape`, and what `check` remarks on the YAML itself, whatever else is wrong with it. */
export function inspected<T>(shape: Shape<T>, check: (node: YamlNode) => readonly Remark[]): Shape<T> {
  return after(shape, (value, ...at) => (isSound(check(at[0]), ...at) ? value : undefined));
}

type At = [node: YamlNode, path: Path, reader: ReadContext];

/** `shape`, and what `then` makes of what it reads: undefined where that told what is wrong. */
export function after<T, U>(shape: Shape<T>, then: (value: T | undefined, ...at: At) => U | undefined): Shape<U> {
  return { schema: shape.schema, read: (...at) => then(shape.read(...at), ...at) };
}

function isSound(remarks: readonly Remark[], node: YamlNode, path: Path, reader: ReadContext): boolean {
  for (const remark of remarks) reader.report(rangeAt(node, remark.path), [...path, ...remark.path], remark.text);
  return remarks.length === 0;
}

function objectSchema(fields: Fields): JsonSchema {
  const needed = Object.entries(fields).filter(([, field]) => field.required);
  const properties = Object.entries(fields).map(([key, field]) => {
    const written = field.written === undefined ? {} : { default: field.written };
    return [key, { ...field.shape.schema, description: field.description, ...written }];
  });
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    additionalProperties: false,
    ...(needed.length > 0 ? { required: needed.map(([key]) => key) } : {}),
  };
}

interface KeyValue {
  readonly key: string;
  readonly keyNode: Node;
  readonly value: YamlNode;
}

function readPairs(node: YamlNode, path: Path, reader: ReadContext, expected: string): readonly KeyValue[] | undefined {
  if (!isMap(node)) {
    reader.report(node?.range, path, `expected ${expected}, found ${found(node)}`);
    return undefined;
  }
  const seen = new Map<string, Node>();
  const pairs: KeyValue[] = [];
  let sound = true;
  for (const pair of node.items) {
    const keyNode = pair.key as Node;
    if (!isScalar(keyNode) || keyNode.value === null) {
      reader.report(keyNode?.range ?? node.range, path, `expected a name as key, found ${found(keyNode)}`);
      sound = false;
      continue;
    }
    // https://yaml.org/type/merge.html, of YAML 1.1
    if (keyNode.value === '<<' && keyNode.type === Scalar.PLAIN) {
      const instead = 'repeat the keys here, or let an alias stand for the whole value';
      reader.report(keyNode.range, [...path, '<<'], `merge keys are not supported; ${instead}`);
      sound = false;
      continue;
    }
    const key = typeof keyNode.value === 'string' ? keyNode.value : (keyNode.source ?? String(keyNode.value));
    if (seen.has(key)) {
      reader.report(keyNode.range, [...path, key], 'this key stands twice; delete one');
      sound = false;
      continue;
    }
    seen.set(key, keyNode);
    pairs.push({ key, keyNode, value: target(pair.value, reader) ?? nothingAt(keyNode) });
  }
  return sound ? pairs : undefined;
}

// As in the flow mapping `{ pvid }`.
function nothingAt({ range }: Node): Node {
  const nothing = new Scalar(null);
  if (range) nothing.range = range;
  return nothing;
}

// What an alias stands for. Schema and file are finite, so whatever an alias points at, reading ends.
function target(node: unknown, reader: ReadContext): YamlNode {
  return (isAlias(node) && node.resolve(reader.document)) || (node as YamlNode);
}

/** Where a value stands, or the nearest that it would stand in. */
export function rangeAt(node: YamlNode, path: Path): Range | null | undefined {
  for (let end = path.length; end > 0; end--) {
    const inner = isMap(node) || isSeq(node) ? (node.getIn(path.slice(0, end), true) as YamlNode) : undefined;
    if (inner?.range) return inner.range;
  }
  return node?.range;
}

function found(node: YamlNode): string {
  if (isAlias(node)) return `*${node.source}, whose anchor does not stand above it; ${inQuotes('*')}`;
  if (isMap(node)) return 'a mapping';
  if (isSeq(node)) return node.items.length === 0 ? 'an empty list' : 'a list';
  if (!isScalar(node)) return 'nothing';
  return node.anchor !== undefined && node.value === null
    ? `nothing but the anchor &${node.anchor}; ${inQuotes('&')}`
    : describe(node.value);
}
