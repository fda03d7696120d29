// Domain XML without what nobody here asks about. Disks with their backing chains, and what other programs keep in <metadata>, make a file
// of megabytes; to validate and parse all of it would stop everything else for seconds. Here tags are only counted:
// every one must have its end, as in a file that is whole, and what is inside is not looked at.
import { METADATA_NAMESPACE } from '../../model/snapshot.ts';

// What is kept of each of these elements; all other elements are kept as they are.
const KEPT: Readonly<Record<string, readonly string[]>> = {
  domstatus: ['domain'],
  domain: ['name', 'uuid', 'metadata', 'devices'],
  'domstatus/domain': ['name', 'uuid', 'metadata', 'devices'],
  'domain/devices': ['interface'],
  'domstatus/domain/devices': ['interface'],
};
const METADATA = ['domain/metadata', 'domstatus/domain/metadata'];

/** The same text with line breaks in place of what is cut out, so that lines keep their numbers. Throws Error where a tag has no end. */
export function cutDomainXml(text: string): string {
  const kept: string[] = [];
  let from = 0;
  const cut = (start: number, end: number) => {
    kept.push(text.slice(from, start), '\n'.repeat(countLines(text.slice(start, end))));
    from = end;
  };
  const open: string[] = [];
  // The outermost element that is cut out or looked through, and how deep it is in the others.
  let part: { readonly depth: number; readonly start: number; readonly isOurs: boolean } | undefined;
  let keepsMetadata = false;
  for (let at = text.indexOf('<'); at >= 0; at = text.indexOf('<', at)) {
    const skipped = skipNonElement(text, at);
    if (skipped !== undefined) {
      at = skipped;
      continue;
    }
    const start = at;
    const end = tagEnd(text, start);
    const isClosing = text[start + 1] === '/';
    const isEmpty = text[end - 2] === '/';
    const name = tagName(text, start + (isClosing ? 2 : 1), end);
    at = end;
    if (!isClosing) {
      const path = part || open.length > 3 ? undefined : open.join('/');
      if (path !== undefined && METADATA.includes(path)) {
        part = keepsMetadata ? undefined : { depth: open.length, start, isOurs: true };
      } else if (path !== undefined && KEPT[path]?.includes(name) === false) {
        part = { depth: open.length, start, isOurs: false };
      }
      if (name === 'metadata' && !part) keepsMetadata = text.slice(start, end).includes(METADATA_NAMESPACE);
      if (!isEmpty) open.push(name);
    } else if (open.pop() !== name) throw broken(text, start);
    if (part && open.length === part.depth && (isClosing || isEmpty)) {
      if (!part.isOurs || !text.slice(part.start, end).includes(METADATA_NAMESPACE)) cut(part.start, end);
      part = undefined;
    }
  }
  if (open.length > 0) throw broken(text, text.length);
  return [...kept, text.slice(from)].join('');
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

function countLines(text: string): number {
  let lines = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines += 1;
  return lines;
}

function broken(text: string, at: number): Error {
  return new Error(`the XML is broken in line ${countLines(text.slice(0, at)) + 1} (InvalidTag)`);
}
