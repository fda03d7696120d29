// The config file: text → Settings in normal form, or a ConfigError that has every problem with its line and key.
import { LineCounter, parseDocument, type Range, visit } from 'yaml';
import type { Host } from '../host/host.ts';
import { settingsFrom } from './normal.ts';
import { ConfigError, formatPath, type Problem } from './problem.ts';
import { configFile } from './schema.ts';
import type { Settings } from './settings.ts';
import type { Reader } from './shape.ts';

// Far above what the largest host needs, far below what would take seconds to read.
const MAX_BYTES = 256 * 1024;
const MAX_ALIASES = 100;

type Files = Pick<Host, 'stat' | 'readText'>;

/** Reads the file at `path`. Throws ConfigError. */
export function loadSettings(host: Files, path: string): Settings {
  return parseSettings(readFile(host, path), path);
}

/** `text` as settings; `file` is its name in messages. Throws ConfigError, and nothing else, whatever the text. */
export function parseSettings(text: string, file: string): Settings {
  const problems: Problem[] = [];
  const lines = new LineCounter();
  const report = (offset: number | undefined, key: string, problem: string) => {
    const at = offset === undefined ? undefined : lines.linePos(offset);
    problems.push({ line: at?.line, column: at?.col, key, text: problem });
  };
  const document = parseYaml(text, file, lines);
  for (const { message, pos } of [...document.errors, ...document.warnings]) {
    report(pos[0], '', `not valid YAML: ${message}`);
  }
  if (problems.length > 0) throw new ConfigError(file, problems);
  if (document.contents === null) throw whole(file, 'the file is empty; expected at least "bridges:"');

  const reader: Reader = {
    document,
    report: (range: Range | null | undefined, path, problem) => report(range?.[0], formatPath(path), problem),
  };
  const config = configFile.read(document.contents, [], reader);
  if (problems.length > 0 || config === undefined) throw new ConfigError(file, problems);
  return settingsFrom(config);
}

function parseYaml(text: string, file: string, lineCounter: LineCounter) {
  if (Buffer.byteLength(text) > MAX_BYTES)
    throw whole(file, `larger than ${MAX_BYTES / 1024} KiB; expected a config file`);
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
    if (aliases > MAX_ALIASES) throw whole(file, `more than ${MAX_ALIASES} aliases (*name); write the values out`);
    return document;
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    // The parser's recursion is as deep as the file's nesting.
    throw whole(file, `cannot be parsed as YAML (${(error as Error).message}); is it a config file?`, error);
  }
}

function readFile(host: Files, path: string): string {
  try {
    const stat = host.stat(path);
    if (!stat) throw whole(path, 'no such file; name another with --config.file');
    if (!stat.isFile) throw whole(path, 'not a regular file');
    if (stat.size > MAX_BYTES) throw whole(path, `larger than ${MAX_BYTES / 1024} KiB; expected a config file`);
    return host.readText(path);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw whole(path, `cannot be read: ${(error as Error).message}`, error);
  }
}

function whole(file: string, text: string, cause?: unknown): ConfigError {
  return new ConfigError(file, [{ line: undefined, column: undefined, key: '', text }], { cause });
}
