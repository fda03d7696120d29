// Writing HTML that cannot be broken by what it shows: a tagged template that escapes every value, unless it is itself the
// result of the template. Names of VMs, log lines and error texts come from elsewhere and may hold anything.
// HTML Living Standard 13.1.2.3 (attributes are always written in double quotes here) and 13.1.3.

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

// Without the u flag this is several times faster, and most values are safe.
const UNSAFE = /[^ !#-%(-;=?-~\u00a0-\ud7ff\ue000-\uffff]/;

// Control characters are not allowed in HTML and would hide text: they are shown as U+FFFD.
function escapeText(text: string): string {
  if (!UNSAFE.test(text)) return text;
  return text.replace(/[&<>"']/g, (c) => ENTITIES[c] ?? c).replace(/[^\P{Cc}\n\t]/gu, '\uFFFD');
}
