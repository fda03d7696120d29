import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Metadata, MetadataElement } from '../../src/model/snapshot.ts';
import { formatTable, vid, vidRange } from '../../src/model/vlan.ts';
import { intentOfMetadata } from '../../src/policy/metadata.ts';

const MAC = '52:54:00:00:00:01';
const OWN = { vlans: [vidRange(10)], pvid: vid(1) };

function element(name: string, attributes: Record<string, string>, children: MetadataElement[] = [], text = '') {
  return { name, attributes: Object.entries(attributes), children, text };
}
const entry = (attributes: Record<string, string>) => element('interface', attributes);
const metadata = (...entries: MetadataElement[]): Metadata => ({ elements: [element('interfaces', {}, entries)] });

function asked(of: Metadata, mac = MAC): string {
  const answer = intentOfMetadata(of, mac, OWN);
  if (!answer) return 'silent';
  if ('table' in answer) return formatTable(answer.table);
  const { element, expected, found } = answer.problem;
  return `${element}: expected ${expected}, found ${found}`;
}

describe('an entry', () => {
  test.each([
    [{ vlans: '10, 20,200-202', pvid: 'none' }, '10 20 200-202'],
    [{ vlans: '20 10', pvid: '100' }, '10 20 100*'],
    [{ vlans: ' 10 ,\n 20 ', pvid: ' 100 ' }, '10 20 100*'],
    [{ vlans: '', pvid: '100' }, '100*'],
    [{ vlans: ' ', pvid: '100' }, '100*'],
    [{ vlans: '10', pvid: ' none ' }, '10'],
    [{ vlans: '20' }, '1* 20'],
    [{ pvid: 'none' }, '10'],
    [{ pvid: '7' }, '7* 10'],
    [{ vlans: '1-4094', pvid: '4094' }, '1-4093 4094*'],
  ])('%j asks for %s; what it leaves out is the bridge’s', (attributes, table) => {
    expect(asked(metadata(entry(attributes)))).toBe(table);
  });

  test('of the MAC comes before that of all others; where none fits, the metadata is silent', () => {
    const both = metadata(entry({ pvid: '7' }), entry({ mac: MAC.toUpperCase(), pvid: '8' }));
    expect(asked(both)).toBe('8* 10');
    expect(asked(both, '52:54:00:00:00:02')).toBe('7* 10');
    expect(asked(metadata(entry({ mac: MAC, pvid: '8' })), '52:54:00:00:00:02')).toBe('silent');
  });
});

describe('what is not understood is told with its element, and nothing of it counts:', () => {
  test.each<[string, Metadata, RegExp]>([
    ['unreadable', { problem: 'cannot be read as XML' }, /^<metadata>: expected one <interfaces> .*found cannot/],
    ['two elements', { elements: [element('interfaces', {}), element('interfaces', {})] }, /found 2 elements/],
    ['another name', { elements: [element('vlans', {})] }, /expected <interfaces>, found <vlans>/],
    [
      'attributes above',
      { elements: [element('interfaces', { mac: MAC })] },
      /^<interfaces>: expected only .*found mac/,
    ],
    ['text', { elements: [element('interfaces', {}, [], 'x')] }, /found x$/],
    ['another child', { elements: [element('interfaces', {}, [element('nic', {})])] }, /found nic$/],
    ['nothing', metadata(), /at least one <interface>, found none/],
    [
      'an unknown key',
      metadata(entry({ vlan: '10' })),
      /^<interface>: expected the attributes mac, vlans, pvid.*vlan$/,
    ],
    [
      'a child',
      metadata(element('interface', { pvid: '1' }, [entry({})])),
      /^<interface>: .*nothing else, found interface$/,
    ],
    ['text in it', metadata(element('interface', { pvid: '1' }, [], 'x')), /^<interface>: .*nothing else, found x$/],
    ['a word of many letters', metadata(entry({ vlans: 'x'.repeat(99) })), /found x{59}…$/],
    ['no demand', metadata(entry({ mac: MAC })), /expected vlans or pvid, found none of both/],
    ['no VLAN at all', metadata(entry({ vlans: '', pvid: 'none' })), /expected VLANs, or a PVID/],
    [
      'a MAC that is none',
      metadata(entry({ mac: '1', pvid: '1' })),
      /^<interface mac>: expected a MAC address.*found 1$/,
    ],
    ['a VLAN that is none', metadata(entry({ vlans: '10,4095' })), /^<interface vlans>: expected VLAN ids.*10,4095$/],
    ['a range backwards', metadata(entry({ vlans: '20-10' })), /found 20-10/],
    ['a range of three', metadata(entry({ vlans: '1-2-3' })), /found 1-2-3/],
    ['a range with more behind it', metadata(entry({ vlans: '1-2-x' })), /found 1-2-x/],
    ['a range without its end', metadata(entry({ vlans: '10-' })), /found 10-$/],
    ['a range that ends in a word', metadata(entry({ vlans: '10-x' })), /found 10-x/],
    ['a range from 0', metadata(entry({ vlans: '0-10' })), /found 0-10/],
    ['a PVID of five digits', metadata(entry({ pvid: '00100' })), /found 00100/],
    ['a lone comma', metadata(entry({ vlans: '10,,20' })), /found 10,,20/],
    ['a PVID that is none', metadata(entry({ pvid: '0' })), /^<interface pvid>: .*or none, found 0$/],
    [
      'a MAC twice',
      metadata(entry({ mac: MAC, pvid: '1' }), entry({ mac: MAC, pvid: '2' })),
      /^<interface mac="52:54:00:00:00:01">: expected each MAC once, found two/,
    ],
    [
      'two for all others',
      metadata(entry({ pvid: '1' }), entry({ pvid: '2' })),
      /^<interface>: expected one <interface> without mac, found two/,
    ],
  ])('%s', (_case, of, problem) => {
    expect(asked(of)).toMatch(problem);
    // An entry that reads well beside it does not count either.
    if ('elements' in of && of.elements[0]?.children.length) {
      const [root] = of.elements;
      const more = [...(root?.children ?? []), entry({ mac: '52:54:00:00:00:0f', pvid: '5' })];
      const beside: Metadata = { elements: [{ ...(root as MetadataElement), children: more }] };
      if (!/no VLAN/.test(_case)) expect(asked(beside, '52:54:00:00:00:0f')).not.toBe('5* 10');
    }
  });
});

test('whatever stands there, it ends in a table with a VLAN, in silence, or in a problem', () => {
  const word = fc.constantFrom('interfaces', 'interface', 'mac', 'vlans', 'pvid', '__proto__', 'constructor', 'x');
  const value = fc.oneof(fc.string(), fc.constantFrom(MAC, '10', '1-4094', 'none', '10,20'));
  const { node } = fc.letrec<{ node: MetadataElement }>((tie) => ({
    node: fc.record({
      name: word,
      attributes: fc.array(fc.tuple(word, value), { maxLength: 3 }),
      children: fc.oneof({ maxDepth: 2 }, fc.constant([]), fc.array(tie('node'), { maxLength: 3 })),
      text: fc.oneof(fc.constant(''), fc.string()),
    }),
  }));
  fc.assert(
    fc.property(fc.array(node, { maxLength: 2 }), (elements) => {
      expect(asked({ elements })).not.toBe('none');
    }),
  );
});
