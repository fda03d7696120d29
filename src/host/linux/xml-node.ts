// Elements of a parsed XML text, as fast-xml-parser gives them where every element is a list and attributes are '@name'.
import type { X2jOptions } from 'fast-xml-parser';

/** Of the parser: it makes of the text what the functions here take. */
export const XML_OPTIONS = {
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  parseAttributeValue: false,
  processEntities: false,
  isArray: (_name, _path, _isLeaf, isAttribute) => !isAttribute,
} satisfies X2jOptions;

export type Node = { readonly [key: string]: readonly (Node | string)[] | string | undefined };

/** The elements `tag` inside of `node`, in their order. */
export function children(node: Node | undefined, tag: string): readonly Node[] {
  const list = node?.[tag];
  return Array.isArray(list) ? list.map(asNode) : [];
}

/** An empty element is an empty string to the parser, one with nothing but text is that text. */
export function asNode(item: Node | string): Node {
  return typeof item === 'string' ? { '#text': item } : item;
}

/** The first element `tag` inside of `node`. */
export function child(node: Node | undefined, tag: string): Node | undefined {
  return children(node, tag)[0];
}

export function attribute(node: Node | undefined, name: string): string | undefined {
  const value = node?.[`@${name}`];
  return typeof value === 'string' ? decode(value) : undefined;
}

/** The text of the first element `tag` inside of `node`. */
export function content(node: Node, tag: string): string | undefined {
  const text = child(node, tag)?.['#text'];
  return typeof text === 'string' && text !== '' ? decode(text) : undefined;
}

const NAMED: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** The five entities and numeric references; the parser's own entity handling is off, so no entity can expand. */
export function decode(text: string): string {
  return text.replace(/&(?:(lt|gt|amp|quot|apos)|#(\d{1,7})|#x([0-9a-f]{1,6}));/gi, (whole, named, dec, hex) => {
    if (named) return NAMED[named.toLowerCase()] ?? whole;
    const code = dec ? Number.parseInt(dec, 10) : Number.parseInt(hex, 16);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
