// Text in columns, for a terminal. Letters of East Asia and emoji take two columns, combining marks none: Unicode Standard Annex 11.
import stringWidth from 'string-width';
import { printable } from '../model/printable.ts';

/** What a cell shows, and how it is to be emphasised where there is colour. */
export interface Cell {
  readonly text: string;
  readonly style?: Style;
}

export type Style = 'good' | 'bad' | 'doubtful' | 'faint' | 'strong';

// Select Graphic Rendition, ECMA-48 8.3.117.
const SGR: Readonly<Record<Style, number>> = { good: 32, bad: 31, doubtful: 33, faint: 2, strong: 1 };

/** `text` in the style, where there is colour. Control characters in it are shown as such: names come from outside. */
export function paint(text: string, style: Style | undefined, colour: boolean): string {
  const safe = printable(text);
  return colour && style ? `\x1b[${SGR[style]}m${safe}\x1b[0m` : safe;
}

/** Rows as lines, each column as wide as its widest cell; nothing behind the last. */
export function renderColumns(rows: readonly (readonly Cell[])[], colour: boolean): readonly string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, width(cell.text));
  }
  return rows.map((row) => {
    const cells = row.map((cell, i) => {
      const gap = i === row.length - 1 ? '' : ' '.repeat((widths[i] ?? 0) - width(cell.text));
      return paint(cell.text, cell.style, colour) + gap;
    });
    return cells.join('  ').trimEnd();
  });
}

// Most cells are plain ASCII, and for these it need not ask Unicode's tables: a thousand vnets have seven thousand cells.
function width(text: string): number {
  return /^[\x20-\x7e]*$/.test(text) ? text.length : stringWidth(printable(text));
}
