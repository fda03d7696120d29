// What is wrong with a config file, for the person who wrote it: where, which key, what was expected, what stands there.
import { OperatorError } from '../model/mistake.ts';
import { printable } from '../model/printable.ts';

export interface Problem {
  /** From 1; undefined where it is about the whole file. */
  readonly line: number | undefined;
  readonly column: number | undefined;
  /** As "bridges.br-mgmt.rules[0].pvid"; empty where it is about the whole file. */
  readonly key: string;
  readonly text: string;
}

/** A mistake of the operator's. The message has every problem, one a line: `file:line:col: key: expected …, found …`. */
export class ConfigError extends OperatorError {
  override readonly name = 'ConfigError';
  readonly problems: readonly Problem[];

  constructor(file: string, problems: readonly Problem[], options?: ErrorOptions) {
    super(sorted(problems, file).join('\n'), options);
    this.problems = problems;
  }
}

// A file of another kind has a problem in every line; nobody reads so many.
const SHOWN = 50;

function sorted(problems: readonly Problem[], file: string): string[] {
  const placeOf = ({ line = 0, column = 0 }: Problem) => line * 1e6 + column;
  const inOrder = [...problems].sort((a, b) => placeOf(a) - placeOf(b));
  const lines = inOrder.slice(0, SHOWN).map((problem) => formatProblem(problem, file));
  return inOrder.length > SHOWN ? [...lines, `${file}: and ${inOrder.length - SHOWN} more`] : lines;
}

function formatProblem({ line, column, key, text }: Problem, file: string): string {
  const where = line === undefined ? file : `${file}:${line}:${column}`;
  return printable(key === '' ? `${where}: ${text}` : `${where}: ${key}: ${text}`);
}

/** The keys from the top to a value, as "bridges.br-mgmt.rules[0]". */
export function formatPath(path: readonly (string | number)[]): string {
  return path.map((step, i) => (typeof step === 'number' ? `[${step}]` : i === 0 ? step : `.${step}`)).join('');
}

/** A value as it is shown in "found …": short, on one line. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (typeof value !== 'string') return String(value);
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…"` : text;
}

/** The known word that `word` was probably meant to be; undefined where none is near. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((candidate) => ({ candidate, distance: editDistance(word.toLowerCase().slice(0, 64), candidate) }))
    .filter(({ candidate, distance }) => distance <= Math.max(1, Math.floor(candidate.length / 3)))
    .sort((a, b) => a.distance - b.distance);
  return ranked[0]?.candidate;
}

// Levenshtein: insertions, deletions and substitutions that lead from one to the other.
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (const [i, charA] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, charB] of [...b].entries()) {
      const substitute = (row[j] ?? 0) + (charA === charB ? 0 : 1);
      next.push(Math.min(substitute, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
