// Writing HTML that cannot be broken by what it shows: a tagged template that escapes every value, unless it is itself the
// result of the template. Names of VMs, log lines and error texts come from elsewhere and may hold anything.
// HTML Living Standard 13.1.2.3 (attributes are always written in double quotes here) and 13.1.3.
import { printableLines } from '../model/printable.ts';

/** Finished markup. Made by `html` only. */
export interface Html {
  readonly markup: string;
  readonly [finished]: true;
}

declare const finished: unique symbol;

/** What may stand in a template: text and numbers are escaped; undefined and false leave nothing; lists are joined. */
export type Value = Html | string | number | false | undefined | readonly Value[];

/** Markup with all values escaped, for text between tags and for values of attributes in double quotes. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  let markup = parts[0] ?? '';
  for (const [i, value] of values.entries()) markup += write(value) + (parts[i + 1] ?? '');
  return { markup } as Html;
}

function write(value: Value): string {
  if (value === undefined || value === false) return '';
  if (typeof value === 'string') return escapeText(value);
  if (typeof value === 'number') return String(value);
  if ('markup' in value) return value.markup;
  return value.map(write).join('');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

// Characters that are surely shown as they are: the others are few, and looked at one by one. Without the u flag this is several
// times faster, and most values are safe.
const UNSAFE = /[^ !#-%(-;=?-~\u00a0-\u00ac\u00ae-\u05ff\u2100-\ud7ff]/;

// What would not be seen, or would turn the direction of what stands beside it, is shown as on the command line.
function escapeText(text: string): string {
  if (!UNSAFE.test(text)) return text;
  return printableLines(text.replace(/[&<>"']/g, (c) => ENTITIES[c] ?? c));
}
