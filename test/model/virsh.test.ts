import { expect, test } from 'vitest';
import { virshDomain } from '../../src/model/virsh.ts';

const UUID = '0f0e0d0c-0b0a-4908-8706-050403020100';
const OTHER = '11111111-2222-4333-8444-555555555555';

test.each([
  ...['7', '007', '+7', '-0', ' 7', '\t7', '\v\f\r 7', '99999999999'],
  ...[OTHER, OTHER.toUpperCase().replace('1', 'a'), OTHER.replaceAll('-', ' '), ` - -${OTHER.replaceAll('-', '')}`],
  ` \t${OTHER.replaceAll('-', '')}\r `,
])('%j may be another domain to virsh: the UUID stands for it, and nothing where that is not known', (name) => {
  expect(virshDomain({ name, uuid: UUID })).toBe(UUID);
  expect(virshDomain({ name, uuid: undefined })).toBeUndefined();
  expect(virshDomain({ name, uuid: UUID.replaceAll('-', '') })).toBeUndefined();
});

test.each(['a\u001b[31mred', 'two\nlines', '\u202eevil'])('%j is nothing to type', (name) => {
  expect(virshDomain({ name, uuid: UUID })).toBe(UUID);
});

test.each([
  ...['web', '7 ', '7a', '0x7', '7.0', '+ 7', '--7', '\u00a07', '٧', '-x', '--set'],
  ...[
    `a${OTHER.replaceAll('-', '').slice(1)}`,
    OTHER.replace('5', 'g'),
    OTHER.replace('1-', '-1'),
    `${OTHER}0`,
    `${OTHER.slice(0, 35)}ä`,
  ],
])('%j is a name to virsh', (name) => {
  expect(virshDomain({ name, uuid: UUID })).toBe(name);
});
