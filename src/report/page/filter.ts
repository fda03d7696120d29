// The page's search and its one filter. The same rule stands in client.js for the browser: a row holds what it is found by in
// `data-q`, in lower case, and each word of the search must be in it.

export interface Filter {
  /** Words, all of which must be in a row. */
  readonly q: string;
  /** Leave out compliant vnets. */
  readonly drifted: boolean;
}

export const NO_FILTER: Filter = { q: '', drifted: false };

/** What a row is found by: everything in it that has a name, in lower case. */
export function searchText(words: readonly (string | undefined)[]): string {
  return words
    .filter((word) => word !== undefined)
    .join(' ')
    .toLowerCase();
}

/** Whether a row that is found by `text` matches the search. */
export function matches(text: string, filter: Filter): boolean {
  return filter.q
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
