// Domain XML without what nobody here asks about. Disks with their backing chains make a file of megabytes; to validate and parse all of it
// would stop everything else for seconds. Here tags are only counted, and what is inside is not looked at.
// What stands in <metadata> is the VM's owner's, and libxml2 takes more there than the parser does: it is never read with the rest.
import { METADATA_NAMESPACE } from '../../model/snapshot.ts';
import { countLines, forEachTag } from './xml-tags.ts';

// What is kept of each of these elements; all other elements are kept as they are.
const KEPT: Readonly<Record<string, readonly string[]>> = {
  domstatus: ['domain'],
  domain: ['name', 'uuid', 'devices'],
  'domstatus/domain': ['name', 'uuid', 'devices'],
  'domain/devices': ['interface'],
  'domstatus/domain/devices': ['interface'],
};

export interface CutXml {
  /** The same text with line breaks in place of what is cut out, so that lines keep their numbers. */
  readonly domain: string;
  /** <metadata> with what may be ours alone, as written; undefined where there is nothing. */
  readonly metadata: string | undefined;
}

/** Throws Error where a tag has no end. */
export function cutDomainXml(text: string): CutXml {
  const kept: string[] = [];
  let from = 0;
  let metadata: string | undefined;
  // The outermost element that is cut out, and how deep it is in the others.
  let part: { readonly depth: number; readonly start: number; readonly isMetadata: boolean } | undefined;
  forEachTag(text, ({ name, start, end, opens, closes }, around) => {
    const depth = around.length;
    if (opens && !part && depth <= 3 && KEPT[around.join('/')]?.includes(name) === false) {
      part = { depth, start, isMetadata: name === 'metadata' && around.at(-1) === 'domain' };
    }
    if (!part || !closes || depth !== part.depth) return;
    const whole = text.slice(part.start, end);
    if (part.isMetadata) metadata ??= oursIn(whole);
    kept.push(text.slice(from, part.start), '\n'.repeat(countLines(whole)));
    from = end;
    part = undefined;
  });
  return { domain: [...kept, text.slice(from)].join(''), metadata };
}

/** <metadata> without the elements that do not mention our namespace; where it declares that itself, any may be ours. */
function oursIn(metadata: string): string | undefined {
  if (!metadata.includes(METADATA_NAMESPACE)) return undefined;
  let opening = '';
  let begin = 0;
  const ours: string[] = [];
  forEachTag(metadata, ({ start, end, opens, closes }, { length: depth }) => {
    if (depth === 0 && opens) opening = metadata.slice(start, end);
    if (depth !== 1) return;
    if (opens) begin = start;
    const element = closes ? metadata.slice(begin, end) : '';
    if (element !== '' && `${opening}${element}`.includes(METADATA_NAMESPACE)) ours.push(element);
  });
  return ours.length > 0 ? [opening, ...ours, '</metadata>'].join('') : undefined;
}
