// A YAML file as what a shape reads of it, or a ConfigError with every problem, its line and its key.
import { isScalar, LineCounter, parseDocument, type Range, visit } from 'yaml';
import { ConfigError, formatPath, type Problem } from './problem.ts';
import { MAX_BYTES, tooLarge, wholeFile } from './read-file.ts';
import { type Path, type ReadContext, rangeAt, type Shape } from './shape.ts';
import { yamlProblems } from './yaml-problems.ts';

const MAX_ALIASES = 100;

/** Where a key stands, or what it would stand in. */
export type Place = (path: Path) => { readonly line: number | undefined; readonly column: number | undefined };

/** `text` as `shape` reads it; `file` is its name in messages. `empty`: what an empty file is; left out: an error. Throws ConfigError, and nothing else, whatever the text. */
export function parseYaml<T>(text: string, file: string, shape: Shape<T>, empty?: T): { value: T; place: Place } {
  const problems: Problem[] = [];
  const lines = new LineCounter();
  const positionOf = (offset: number | undefined) => {
    const at = offset === undefined ? undefined : lines.linePos(offset);
    return { line: at?.line, column: at?.col };
  };
  const report = (offset: number | undefined, key: string, problem: string) => {
    problems.push({ ...positionOf(offset), key, text: problem });
  };
  const document = parseText(text, file, lines);
  for (const problem of yamlProblems(text, document)) report(problem.offset, '', problem.text);
  if (problems.length > 0) throw new ConfigError(file, problems);
  const place: Place = (path) => positionOf(rangeAt(document.contents, path)?.[0]);
  // As after the `---` that begins a document.
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) {
    if (empty === undefined) throw wholeFile(file, 'the file is empty; expected at least "bridges:"');
    return { value: empty, place };
  }
  const reader: ReadContext = {
    document,
    report: (range: Range | null | undefined, path, problem) => report(range?.[0], formatPath(path), problem),
  };
  const value = shape.read(document.contents, [], reader);
  if (problems.length > 0 || value === undefined) throw new ConfigError(file, problems);
  return { value, place };
}

function parseText(text: string, file: string, lineCounter: LineCounter) {
  if (Buffer.byteLength(text) > MAX_BYTES) throw tooLarge(file);
  const odd = /[\0\ufffd]/.exec(text);
  if (odd) {
    const before = text.slice(0, odd.index).split('\n');
    const at = { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
    throw new ConfigError(file, [
      { ...at, key: '', text: 'expected text in UTF-8, found other bytes; save the file as UTF-8' },
    ]);
  }
  try {
    // Keys that stand twice are found by the reader, which says so with the key's path.
    const document = parseDocument(text, { lineCounter, prettyErrors: false, uniqueKeys: false, logLevel: 'error' });
    let aliases = 0;
    visit(document, { Alias: () => (++aliases > MAX_ALIASES ? visit.BREAK : undefined) });
    if (aliases > MAX_ALIASES) throw wholeFile(file, `more than ${MAX_ALIASES} aliases (*name); write the values out`);
    return document;
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    // The parser's recursion is as deep as the file's nesting.
    throw wholeFile(file, `cannot be parsed as YAML (${(error as Error).message}); is it a config file?`, error);
  }
}
