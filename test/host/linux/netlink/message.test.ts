import { expect, test } from 'vitest';
import { NLM_F_REQUEST } from '../../../../src/host/linux/netlink/constants.ts';
import {
  buildAttribute,
  buildMessage,
  eachAttribute,
  MalformedError,
  macOf,
  parseMessages,
  setSequence,
  textOf,
  u16,
  u32,
} from '../../../../src/host/linux/netlink/message.ts';

const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const attributes = (of: Buffer, from = 0, to = of.length) => {
  const found: [type: number, value: string][] = [];
  eachAttribute(of, from, to, (type, at, end) => found.push([type, of.toString('hex', at, end)]));
  return found;
};

test('a message is its header and its body, padded to four bytes', () => {
  const message = buildMessage(0x1234, 0x0305, bytes('aabbcc'));
  expect(setSequence(message, 0x01020304)).toBe(0x01020304);
  expect(message).toEqual(bytes('13000000 3412 0503 04030201 00000000 aabbcc00'));
});

test('an attribute is its length, its type and its value, padded to four bytes', () => {
  expect(buildAttribute(29, u16(0x0102))).toEqual(bytes('0600 1d00 0201 0000'));
  expect(buildAttribute(29, u32(0x01020304))).toEqual(bytes('0800 1d00 04030201'));
});

test('the messages of a datagram are found behind one another, also where the last is not padded', () => {
  const datagram = Buffer.concat([
    buildMessage(1, 2, bytes('aabbcc')),
    buildMessage(3, 4, bytes('dd')).subarray(0, 17),
  ]);
  expect(
    parseMessages(datagram).map(({ payload, ...rest }) => ({ ...rest, payload: payload.toString('hex') })),
  ).toEqual([
    { type: 1, flags: 2 | NLM_F_REQUEST, seq: 0, payload: 'aabbcc' },
    { type: 3, flags: 4 | NLM_F_REQUEST, seq: 0, payload: 'dd' },
  ]);
  expect(parseMessages(Buffer.alloc(0))).toEqual([]);
  expect(parseMessages(buildMessage(1, 2, Buffer.alloc(0)))[0]?.payload).toHaveLength(0);
});

test.each([
  ['cut off', '11000000 0000 0000 00000000 00000000', 'a message of 17 bytes where 16 are left'],
  ['shorter than its header', '0f000000 0000 0000 00000000 00000000', 'a message of 15 bytes where 16 are left'],
  ['no header', '10000000 0000 0000 00000000 000000', 'a message of 0 bytes where 15 are left'],
])('a message that is %s is refused', (_, hex, why) => {
  expect(() => parseMessages(bytes(hex))).toThrow(new MalformedError(why));
});

test('the attributes between two places are found, without the flags of their type', () => {
  const two = bytes('0600 0280 aabb 0000 0400 0340 0500 0400 cc');
  expect(attributes(two)).toEqual([
    [2, 'aabb'],
    [3, ''],
    [4, 'cc'],
  ]);
  expect(attributes(two, 8, 12)).toEqual([[3, '']]);
});

test.each([
  ['cut off', '0900 0100 aabbccdd', 'an attribute of 9 bytes where 8 are left'],
  ['shorter than its header', '0300 0100', 'an attribute of 3 bytes where 4 are left'],
  ['no header', '0400 01', 'an attribute of 0 bytes where 3 are left'],
])('an attribute that is %s is refused', (_, hex, why) => {
  expect(() => attributes(bytes(hex))).toThrow(new MalformedError(why));
});

test('a text ends at its first zero byte, or with its attribute', () => {
  const of = Buffer.from('xvnet0\0more\0');
  expect(textOf(of, 1, 7)).toBe('vnet0');
  expect(textOf(of, 1, 6)).toBe('vnet0');
  expect(textOf(of, 1, 4)).toBe('vne');
  expect(textOf(Buffer.from('vnet0'), 0, 5)).toBe('vnet0');
});

test('a MAC has six bytes', () => {
  const of = bytes('ff 52540001abcd ff');
  expect(macOf(of, 1, 7)).toBe('52:54:00:01:ab:cd');
  expect([macOf(of, 1, 6), macOf(of, 0, 7)]).toEqual([undefined, undefined]);
});
