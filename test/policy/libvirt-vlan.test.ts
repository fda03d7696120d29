import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LibvirtVlan } from '../../src/model/snapshot.ts';
import { formatTable } from '../../src/model/vlan.ts';
import { intentOfVlan } from '../../src/policy/libvirt-vlan.ts';

const tag = (id: string, nativeMode?: string) => ({ id, nativeMode });

function asked(vlan: LibvirtVlan): string {
  const answer = intentOfVlan(vlan);
  if ('table' in answer) return formatTable(answer.table);
  const { element, expected, found } = answer.problem;
  return `refused: ${element}: expected ${expected}, found ${found}`;
}

describe('the table that libvirt sets for', () => {
  test.each<[string, LibvirtVlan, string]>([
    ['one tag', { tags: [tag('42')] }, '42*'],
    ['one tag and a nativeMode, which is ignored', { tags: [tag('42', 'tagged')] }, '42*'],
    ['one tag, trunk no', { trunk: 'no', tags: [tag('42')] }, '42*'],
    ['one tag, trunk no in capitals', { trunk: 'NO', tags: [tag('42')] }, '42*'],
    ['a trunk of one tag', { trunk: 'yes', tags: [tag('42')] }, '42'],
    ['a trunk, in capitals', { trunk: 'YES', tags: [tag('42')] }, '42'],
    ['several tags, which imply a trunk', { tags: [tag('47'), tag('42')] }, '42 47'],
    ['a native untagged one', { trunk: 'yes', tags: [tag('42', 'untagged'), tag('47')] }, '42* 47'],
    ['a native tagged one', { tags: [tag('42'), tag('47', 'tagged')] }, '42 47*t'],
    ['a trunk whose only tag is native and tagged', { trunk: 'yes', tags: [tag('42', 'tagged')] }, '42*t'],
    ['VLAN 1 among others', { tags: [tag('1'), tag('42')] }, '1 42'],
    ['a trunk with tag 0, which is skipped', { trunk: 'yes', tags: [tag('0'), tag('42')] }, '42'],
    ['a native tag 0, which is none', { tags: [tag('0', 'untagged'), tag('42')] }, '42'],
    ['a tag that stands twice', { tags: [tag('42'), tag('42')] }, '42'],
    ['neighbours', { tags: [tag('42'), tag('43'), tag('44', 'untagged')] }, '42-43 44*'],
  ])('%s', (_case, vlan, table) => {
    expect(asked(vlan)).toBe(table);
  });
});

describe('libvirt refuses, or would leave nothing:', () => {
  test.each<[string, LibvirtVlan, RegExp]>([
    ['no tag', { tags: [] }, /<vlan>: expected at least one <tag id=…\/>, found none/],
    ['tag 4095', { tags: [tag('4095')] }, /id from 1 to 4094, found id="4095"/],
    ['tag 4095 of a trunk', { tags: [tag('4095'), tag('42')] }, /found id="4095"/],
    ['tag 4096', { tags: [tag('4096')] }, /found id="4096"/],
    ['a lone tag 0', { tags: [tag('0')] }, /found id="0"/],
    ['a trunk of nothing but 0', { trunk: 'yes', tags: [tag('0')] }, /found id="0"/],
    ['tag 0 beside a native one', { tags: [tag('0'), tag('42', 'untagged')] }, /found id="0"/],
    ['no id', { tags: [{}] }, /found no id/],
    ['an id that is long, of which the beginning is told', { tags: [tag('x'.repeat(99))] }, /found id="x{40}"/],
    ['no number', { tags: [tag('0x2a')] }, /found id="0x2a"/],
    ['an empty id', { tags: [tag('')] }, /found id=""/],
    ['a negative id', { tags: [tag('-42')] }, /found id="-42"/],
    ['two native tags', { tags: [tag('42', 'tagged'), tag('47', 'untagged')] }, /one native tag at most, found 2/],
    ['an unknown nativeMode', { tags: [tag('42', 'default')] }, /found nativeMode="default"/],
    [
      'trunk no with several tags',
      { trunk: 'no', tags: [tag('42'), tag('47')] },
      /trunk='yes' with several tags, found trunk="no"/,
    ],
    [
      'trunk no with a native tag',
      { trunk: 'no', tags: [tag('42', 'tagged')] },
      /no nativeMode where trunk='no', found trunk="no"/,
    ],
    ['an unknown trunk', { trunk: 'maybe', tags: [tag('42')] }, /trunk yes or no, found trunk="maybe"/],
    ['an empty trunk', { trunk: '', tags: [tag('42')] }, /trunk yes or no, found trunk=""/],
  ])('%s', (_case, vlan, problem) => {
    expect(asked(vlan)).toMatch(problem);
  });

  test('whatever stands there, it is a table with at least one VLAN or a problem of one line', () => {
    const text = fc.oneof(fc.string(), fc.nat(5000).map(String), fc.constantFrom('yes', 'no', 'tagged', 'untagged'));
    const maybe = fc.option(text, { nil: undefined });
    const vlan = fc.record({
      trunk: maybe,
      tags: fc.array(fc.record({ id: maybe, nativeMode: maybe }), { maxLength: 4 }),
    });
    fc.assert(
      fc.property(vlan, (value) => {
        expect(asked(value)).not.toMatch(/^none$|\n/);
      }),
    );
  });
});
