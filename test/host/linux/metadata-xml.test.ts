import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseDomainXml } from '../../../src/host/linux/domain-xml.ts';
import { entriesOf } from '../../../src/policy/metadata.ts';

const URN = 'urn:libvirt-vlan-exporter:1';

function read(metadata: string) {
  const interfaces = `<interface type='bridge'><mac address='52:54:00:00:00:01'/><source bridge='br0'/></interface>`;
  return parseDomainXml(`<domain><name>a</name>${metadata}<devices>${interfaces}</devices></domain>`);
}

const entry = `<interface mac='52:54:00:00:00:01' vlans='10, 20' pvid='none'/>`;
const ours = {
  name: 'vlans',
  attributes: [],
  children: [
    {
      name: 'interface',
      attributes: [
        ['mac', '52:54:00:00:00:01'],
        ['vlans', '10, 20'],
        ['pvid', 'none'],
      ],
      children: [],
      text: '',
    },
  ],
  text: '',
};

test.each([
  ['as virsh metadata writes it', `<lve:vlans xmlns:lve='${URN}'>${entry}</lve:vlans>`],
  ['with a namespace of its own', `<vlans xmlns='${URN}'>${entry}</vlans>`],
  [
    'with prefixed entries',
    `<v:vlans xmlns:v='${URN}'>${entry.replace('interface', 'v:interface')}</v:vlans><other xmlns="urn:x">a</other>`,
  ],
  ['after a comment', `<!-- ${URN} <x> --><lve:vlans xmlns:lve="${URN}">${entry}</lve:vlans>`],
])('our element is read %s', (_case, inner) => {
  expect(read(`<metadata>${inner}</metadata>`).metadata).toEqual({ elements: [ours] });
});

test('the namespace may be declared on <metadata>, as libvirt does with one that came from above', () => {
  const text = `<metadata xmlns:lve='${URN}'><lve:vlans>${entry}</lve:vlans></metadata>`;
  expect(read(text).metadata).toEqual({ elements: [ours] });
});

test('our element may hold nothing but text', () => {
  const element = { name: 'vlans', attributes: [], children: [], text: '10' };
  for (const metadata of [
    `<metadata xmlns:lve='${URN}'><lve:vlans>10</lve:vlans></metadata>`,
    `<metadata><vlans xmlns='${URN}'>10</vlans></metadata>`,
  ])
    expect(read(metadata).metadata).toEqual({ elements: [element] });
});

test.each([
  ['no metadata', ''],
  ['empty metadata', '<metadata/>'],
  [
    'another namespace',
    `<metadata><lve:vlans xmlns:lve='urn:libvirt-vlan-exporter:10'>${entry}</lve:vlans></metadata>`,
  ],
  ['a prefix that is not declared', `<metadata><!-- ${URN} --><lve:vlans>${entry}</lve:vlans></metadata>`],
  ['ours inside of another element', `<metadata><x><vlans xmlns='${URN}'>${entry}</vlans></x></metadata>`],
  ['ours in CDATA', `<metadata><x><![CDATA[<vlans xmlns='${URN}'/>]]></x></metadata>`],
])('%s is none of ours', (_case, metadata) => {
  expect(read(metadata).metadata).toBeUndefined();
});

test('two elements of ours are both told', () => {
  const one = `<vlans xmlns='${URN}'/>`;
  expect(read(`<metadata>${one}${one}</metadata>`).metadata).toMatchObject({ elements: [{}, {}] });
});

test('what is too long is a problem, and the interfaces are read all the same', () => {
  const many = entry.repeat(2_000);
  const { metadata, interfaces } = read(`<metadata><vlans xmlns='${URN}'>${many}</vlans></metadata>`);
  expect(metadata).toEqual({ problem: expect.stringMatching(/characters; expected at most 65536/) });
  expect(interfaces).toHaveLength(1);
});

// https://www.w3.org/TR/xml/#NT-NameStartChar: libvirt keeps such elements as they are.
const ODD = ['a\u{10000}', '\u{2070}', 'a\u{b7}'];

test.each(ODD)('an element that only libxml2 takes, %s, is a problem of the metadata and not of the domain', (tag) => {
  const { metadata, interfaces } = read(`<metadata><${tag} xmlns='${URN}'/></metadata>`);
  expect(interfaces).toHaveLength(1);
  expect(metadata && entriesOf(metadata)).toMatchObject({ problem: { element: '<metadata>' } });
  const beside = `<metadata><${tag} xmlns='urn:x'/><v:vlans xmlns:v='${URN}'>${entry}</v:vlans></metadata>`;
  expect(read(beside).metadata).toEqual({ elements: [ours] });
});

test('whatever stands in <metadata>, the domain is read', () => {
  const name = fc.constantFrom('a', 'b:c', 'vlans', 'interface', ...ODD);
  const { node } = fc.letrec<{ node: string }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom('', 'text', '&#0;', '&lt;', '<![CDATA[<x>]]>', '<!-- - -->', '<?pi x?>'),
      fc
        .tuple(name, fc.constantFrom('', ` xmlns='${URN}'`, ` xmlns:b="${URN}"`, " mac='x'"), fc.array(tie('node')))
        .map(([tag, attributes, inner]) => `<${tag}${attributes}>${inner.join('')}</${tag}>`),
    ),
  }));
  fc.assert(
    fc.property(fc.array(node), (inner) => {
      expect(read(`<metadata>${inner.join('')}</metadata>`).interfaces).toHaveLength(1);
    }),
  );
});
