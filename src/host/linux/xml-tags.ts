// The tags of an XML text, without a parser: it would take seconds for a file of megabytes. Every tag must have its end, as in a file
// that is whole.

/** Where a tag stands: from `start` to before `end`. An empty element's tag opens and closes it. */
export interface Tag {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly opens: boolean;
  readonly closes: boolean;
}

/** Calls `visit` with every tag, and the names of the elements around that element. Throws Error where a tag has no end. */
export function forEachTag(text: string, visit: (tag: Tag, around: readonly string[]) => void): void {
  const open: string[] = [];
  for (let at = text.indexOf('<'); at >= 0; at = text.indexOf('<', at)) {
    const skipped = skipNonElement(text, at);
    if (skipped !== undefined) {
      at = skipped;
      continue;
    }
    const start = at;
    const end = tagEnd(text, start);
    const opens = text[start + 1] !== '/';
    const closes = !opens || text[end - 2] === '/';
    const name = tagName(text, start + (opens ? 1 : 2), end);
    at = end;
    if (!opens && open.pop() !== name) throw broken(text, start);
    visit({ name, start, end, opens, closes }, open);
    if (!closes) open.push(name);
  }
  if (open.length > 0) throw broken(text, text.length);
}

const CLOSINGS = [
  ['<!--', '-->'],
  ['<![CDATA[', ']]>'],
  ['<?', '?>'],
] as const;

/** The end of a comment, a CDATA section or an instruction that begins here; undefined where an element does. */
function skipNonElement(text: string, start: number): number | undefined {
  const second = text[start + 1];
  if (second !== '!' && second !== '?') return undefined;
  const found = CLOSINGS.find(([opening]) => text.startsWith(opening, start));
  const end = found ? text.indexOf(found[1], start + found[0].length) : -1;
  if (/^<!(DOCTYPE|ENTITY)/i.test(text.slice(start, start + 9)))
    throw new Error('the XML has a DOCTYPE, which libvirt never writes');
  if (!found || end < 0) throw broken(text, start);
  return end + found[1].length;
}

const [QUOTE, APOSTROPHE, SLASH, GREATER] = [34, 39, 47, 62];

/** Behind the `>` of the tag that begins here; one inside of quotes is text. */
function tagEnd(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === GREATER) return at + 1;
    if (code !== QUOTE && code !== APOSTROPHE) continue;
    at = text.indexOf(code === QUOTE ? '"' : "'", at + 1);
    if (at < 0) break;
  }
  throw broken(text, start);
}

function tagName(text: string, start: number, end: number): string {
  let at = start;
  // White space, `/` and `>` end it.
  for (let code = text.charCodeAt(at); at < end && code > 32 && code !== SLASH && code !== GREATER; ) {
    at += 1;
    code = text.charCodeAt(at);
  }
  return text.slice(start, at);
}

export function countLines(text: string): number {
  let lines = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines += 1;
  return lines;
}

function broken(text: string, at: number): Error {
  return new Error(`the XML is broken in line ${countLines(text.slice(0, at)) + 1} (InvalidTag)`);
}
