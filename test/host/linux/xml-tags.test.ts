import { expect, test } from 'vitest';
import { countLines, forEachTag } from '../../../src/host/linux/xml-tags.ts';

/** Each tag as it is written, with its name, whether it opens and closes, and what is around it. */
function tags(text: string): readonly string[] {
  const found: string[] = [];
  forEachTag(text, ({ name, start, end, opens, closes }, around) =>
    found.push(
      `${[...around, name].join('/')} ${opens ? 'opens' : ''}${closes ? 'closes' : ''} ${text.slice(start, end)}`,
    ),
  );
  return found;
}

test('tags are told in their order, with the elements around them', () => {
  expect(tags("x<a><b c='d'/>\n<b >y</b></a >z")).toEqual([
    'a opens <a>',
    "a/b openscloses <b c='d'/>",
    'a/b opens <b >',
    'a/b closes </b>',
    'a closes </a >',
  ]);
  expect(tags('no tag > at all')).toEqual([]);
});

test.each(['<a/>', '<a />', '<a\t/>', '<a\n/>', '<a b=""/>'])(
  'a name ends with white space, a slash or the tag: %j',
  (text) => {
    expect(tags(text)).toEqual([`a openscloses ${text}`]);
  },
);

test.each([`<a b='>'>`, `<a b=">">`, `<a b='">' c="'/>">`, `<a b='/>'>`])(
  'what is in quotes ends no tag: %s',
  (tag) => {
    expect(tags(`${tag}</a>`)).toEqual([`a opens ${tag}`, 'a closes </a>']);
  },
);

test.each(['<!-- <b> -- > -->', '<![CDATA[<b>]] >]]>', '<?b <b> ? >?>', '<!---->', '<![CDATA[]]>', '<??>'])(
  'comments, CDATA sections and instructions hold no tag: %s',
  (text) => {
    expect(tags(`<a>${text}</a>${text}`)).toEqual(['a opens <a>', 'a closes </a>']);
  },
);

test.each([
  ['a tag without an end', '<a', 1],
  ['an end alone', '<a></a>\n</a>', 2],
  ['an end of another', '<a>\n<b>\n</a>', 3],
  ['quotes that do not end', "<a>\n<b c='></a>", 2],
  ['double quotes that do not end', '<a>\n<b c="></a>', 2],
  ['an element that does not end', '<a>\n\n', 3],
  ['a comment that does not end', '\n<!--->', 2],
  ['a CDATA section that does not end', '\n<![CDATA[]>', 2],
  ['an instruction that does not end', '\n<?>', 2],
  ['a declaration', '<!ELEMENT a>', 1],
])('%s is an error that names the line', (_, text, line) => {
  expect(() => tags(text)).toThrow(new Error(`the XML is broken in line ${line} (InvalidTag)`));
});

test('line breaks are counted', () => {
  expect(['', 'a', '\n', 'a\nb\n\n'].map(countLines)).toEqual([0, 0, 1, 3]);
});
