// Long lists: the first rows stand open, the rest is folded away but there, for searching and without scripts.
import { type Html, html } from '../html.ts';
import { count } from '../words.ts';

const OPEN = 10;

const logOf = (rows: readonly Html[]): Html => html`<ol class="log">${rows}</ol>`;

/** `rows` in as many lists as needed, each made by `list`. `id` is the fold's, so that it stays open over updates. */
export function fold(id: string, rows: readonly Html[], noun: string, list = logOf): Html {
  if (rows.length <= OPEN) return list(rows);
  return html`${list(rows.slice(0, OPEN))}
<details id="${id}"><summary>${count(rows.length - OPEN, `more ${noun}`)}</summary>
${list(rows.slice(OPEN))}
</details>`;
}
