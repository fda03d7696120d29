// What the parser of YAML complains of, said for people who did not mean to write YAML's finer points.
import type { Document } from 'yaml';

export interface YamlProblem {
  /** Where it begins in the text. */
  readonly offset: number;
  readonly text: string;
}

/** Each problem once: the parser complains of every star of a cron expression. */
export function yamlProblems(text: string, document: Pick<Document, 'errors' | 'warnings'>): readonly YamlProblem[] {
  const problems = [...document.errors, ...document.warnings].map(({ code, message, pos: [offset] }): YamlProblem => {
    if (code === 'MULTIPLE_DOCS') return { offset, text: SECOND_DOCUMENT };
    const begin = OF_UNQUOTED_TEXT.has(code) ? unquotedText(text, offset) : undefined;
    if (begin === undefined) return { offset, text: `not valid YAML: ${message}` };
    return { offset: begin, text: `${inQuotes(text.charAt(begin))}: YAML takes it for something else` };
  });
  return [...new Map(problems.map((problem) => [`${problem.offset} ${problem.text}`, problem])).values()];
}

/** What to do where a text begins with a character that means something in YAML. */
export function inQuotes(character: string): string {
  return `text that begins with ${character} must stand in quotes`;
}

const SECOND_DOCUMENT =
  'a second document begins here, and the file must hold one; delete it, or the line that divides them (---)';

const OF_UNQUOTED_TEXT: ReadonlySet<string> = new Set([
  'BAD_ALIAS',
  'BAD_SCALAR_START',
  'TAG_RESOLVE_FAILED',
  'UNEXPECTED_TOKEN',
]);

const IN_BLOCK = /[*&!%@`](?<=(?:^\s*|[:-]\s+).)/;
// A value ends there at a comma or a bracket.
const IN_BRACKETS = /[*&!%@`](?<=(?:^\s*|[:-]\s+|[,[{]\s*).)[^,[\]{}]*$/;

// Of a line of 100,000 stars each is a problem, and a value of that length is none.
const LOOK_BACK = 1000;

/** Where the value that `offset` is in begins on its line, if it begins with such a character. */
function unquotedText(text: string, offset: number): number | undefined {
  const from = Math.max(0, offset - LOOK_BACK);
  const before = text.slice(from, offset + 1).trimEnd();
  const begin = before.lastIndexOf('\n') + 1;
  if (begin === 0 && from > 0) return undefined;
  const line = before.slice(begin);
  const found = (/[[{]/.test(line) ? IN_BRACKETS : IN_BLOCK).exec(line);
  return found ? from + begin + found.index : undefined;
}
