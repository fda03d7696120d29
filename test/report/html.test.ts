import fc from 'fast-check';
import { expect, test } from 'vitest';
import { printable } from '../../src/model/printable.ts';
import { html } from '../../src/report/html.ts';

test('values are escaped, in text and in attributes', () => {
  expect(html`<a title="${'"><x'}">${"<script>alert('1')</script> & more"}</a>`.markup).toBe(
    '<a title="&quot;&gt;&lt;x">&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; more</a>',
  );
});

test('finished markup is not escaped again, lists are joined, nothing is nothing', () => {
  const items = ['a', 'b<'].map((item) => html`<li>${item}</li>`);
  expect(html`<ul>${items}${undefined}${false}${0}</ul>`.markup).toBe('<ul><li>a</li><li>b&lt;</li>0</ul>');
});

test('control characters are shown, not passed on', () => {
  expect(html`${'a\u0000\u001b[31mb\nc'}`.markup).toBe('a\\x00\\x1b[31mb\nc');
});

test('what is not seen, or turns the direction of text, is shown as the command line shows it', () => {
  expect(html`<b title="${'\u202eweb'}">${'web-1\u200b&\u2066<\u{e0041}'}</b>`.markup).toBe(
    '<b title="\\u202eweb">web-1\\u200b&amp;\\u2066&lt;\\u{e0041}</b>',
  );
});

test('of all characters, those that the command line writes out are, but for line ends and tabs', () => {
  const all = Array.from({ length: 0x11_0000 }, (_, code) => String.fromCodePoint(code));
  const others = all.filter((char) => !/[&<>"'\n\t]/.test(char));
  expect(others.filter((char) => html`${char}`.markup !== printable(char))).toEqual([]);
  expect(html`${'\n\t'}`.markup).toBe('\n\t');
});

test('no text of any kind opens a tag or leaves an attribute', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'<>"\'&aé\0\u001b\ud800') }), (text) => {
      expect(html`${text}`.markup).not.toMatch(/[<>"']/);
    }),
  );
});
