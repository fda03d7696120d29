import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  bridgeLinksRequest,
  createBridgeLinkParser,
  ifinfomsg,
  linkRequest,
  parseBridgeFacts,
  parseBridgeLink,
} from '../../../../src/host/linux/netlink/links.ts';
import { buildAttribute, MalformedError, parseMessages, u16, u32 } from '../../../../src/host/linux/netlink/message.ts';
import { answer } from './kernel.ts';

const links = () =>
  answer('bridgeLinks')
    .flatMap(parseMessages)
    .filter(({ type }) => type === 16)
    .map(({ payload }) => parseBridgeLink(payload));
const run = (first: number, last: number, flags = '') => ({
  first,
  last,
  pvid: flags.includes('p'),
  untagged: flags.includes('u'),
});

test('the request for all bridge ports is what iproute2 sends for `bridge vlan show`', () => {
  expect(bridgeLinksRequest().toString('hex')).toBe(
    '280000001200010300000000000000000700000000000000000000000000000008001d0004000000',
  );
});

test('a link is asked for by its name', () => {
  expect(linkRequest('br-a').toString('hex')).toBe(
    '3400000012000500000000000000000000000000000000000000000000000000' +
      '0900030062722d6100000000' +
      '08001d0008000000',
  );
});

test('ports, bridges, MACs and VLANs are what the kernel has', () => {
  expect(links()).toEqual([
    { index: 2, name: 'br-a', mac: 'fe:54:00:00:00:00', master: 2, vlans: [run(7, 7, 'pu'), run(10, 10)] },
    { index: 3, name: 'br-off', mac: '0a:5d:c9:51:7d:dd', master: 3, vlans: [run(1, 1, 'pu')] },
    { index: 4, name: 'rec0', mac: 'fe:54:00:00:00:00', master: 2, vlans: [] },
    {
      index: 5,
      name: 'rec1',
      mac: 'fe:54:00:00:00:01',
      master: 2,
      vlans: [run(7, 7, 'u'), run(100, 100, 'pu'), run(200, 210), run(300, 300, 'u')],
    },
    {
      index: 6,
      name: 'rec2',
      mac: 'fe:54:00:00:00:02',
      master: 2,
      vlans: [run(1, 41), run(42, 42, 'p'), run(43, 4094)],
    },
    { index: 7, name: 'rec3', mac: 'fe:54:00:00:00:03', master: 2, vlans: [run(7, 7, 'pu')] },
    { index: 8, name: '012345678901234', mac: '0a:5d:c9:51:7d:dd', master: 3, vlans: [run(1, 1, 'pu')] },
  ]);
});

test('what a bridge is set to is told, and that a link is no bridge', () => {
  const facts = (what: 'linkOfBridge' | 'linkOfOtherBridge' | 'linkOfTap') =>
    parseBridgeFacts(parseMessages(answer(what)[0] as Buffer)[0]?.payload as Buffer);
  expect(facts('linkOfBridge')).toEqual({ index: 2, vlanFiltering: true, defaultPvid: 7, vlanProtocol: 0x8100 });
  expect(facts('linkOfOtherBridge')).toEqual({ index: 3, vlanFiltering: false, defaultPvid: 1, vlanProtocol: 0x88a8 });
  expect(facts('linkOfTap')).toBeUndefined();
});

/** A bridge with these bytes as its settings (IFLA_INFO_DATA), and an attribute beside them. */
function bridgeWith(...settings: readonly Buffer[]): Buffer {
  const kind = buildAttribute(1, Buffer.from('bridge\0'));
  const info = buildAttribute(18, Buffer.concat([kind, buildAttribute(2, Buffer.concat(settings))]));
  return Buffer.concat([ifinfomsg(0, 9), buildAttribute(4, u32(1500)), info]);
}

test.each([
  ['none', [], {}],
  ['filtering', [buildAttribute(7, Buffer.from([1]))], { vlanFiltering: true }],
  ['no filtering', [buildAttribute(7, Buffer.from([0]))], { vlanFiltering: false }],
  ['a default PVID', [buildAttribute(39, u16(4094))], { defaultPvid: 4094 }],
  ['a protocol', [buildAttribute(8, Buffer.from([0x88, 0xa8]))], { vlanProtocol: 0x88a8 }],
  ['those of another length', [7, 8, 39].map((type) => buildAttribute(type, u32(1))), {}],
  ['others', [buildAttribute(6, Buffer.from([1])), buildAttribute(40, u16(7))], {}],
])('of the settings of a bridge, what is not told is unknown: %s', (_, settings, told) => {
  const unknown = { vlanFiltering: undefined, defaultPvid: undefined, vlanProtocol: undefined };
  expect(parseBridgeFacts(bridgeWith(...settings))).toEqual({ index: 9, ...unknown, ...told });
});

test('a link of another family, or that is cut off, is refused', () => {
  const payload = bridgeWith();
  expect(() => parseBridgeLink(payload)).toThrow(new MalformedError('a link of family 0'));
  expect(() => parseBridgeFacts(payload.subarray(0, 15))).toThrow(new MalformedError('a link of 15 bytes'));
  expect(parseBridgeFacts(payload.subarray(0, 16))).toBeUndefined();
});

test('a port without a bridge is none, a link without a name is refused, and a bridge is a number of four bytes', () => {
  const [name, master] = [buildAttribute(3, Buffer.from('a\0')), (value: Buffer) => buildAttribute(10, value)];
  const parse = (...attributes: readonly Buffer[]) => parseBridgeLink(Buffer.concat([ifinfomsg(7, 4), ...attributes]));
  expect(parse(name, master(u32(2)))).toEqual({ index: 4, name: 'a', mac: undefined, master: 2, vlans: [] });
  expect(parse(name)).toBeUndefined();
  expect(() => parse(master(u32(2)))).toThrow(new MalformedError('link 4 has no name'));
  expect(() => parse(name, master(u16(2)))).toThrow(new MalformedError('a number of 2 bytes'));
});

/** A link of the dump with these bytes as its VLANs (IFLA_AF_SPEC). */
function link(spec: string): Buffer {
  const name = '0900030072656330' + '00000000';
  const master = '08000a0002000000';
  const vlans = Buffer.from(spec, 'hex');
  const head = Buffer.alloc(4);
  head.writeUInt16LE(4 + vlans.length, 0);
  head.writeUInt16LE(26, 2);
  const header = Buffer.alloc(16);
  header.writeUInt8(7, 0);
  header.writeInt32LE(4, 4);
  return Buffer.concat([header, Buffer.from(name + master, 'hex'), head, vlans]);
}

const vlan = (flags: number, vid: number) => `08000200${hex16(flags)}${hex16(vid)}`;
const hex16 = (n: number) => Buffer.from([n & 255, n >> 8]).toString('hex');

test('the VLANs of a network card that has a switch of its own are no bridge’s', () => {
  expect(parseBridgeLink(link(vlan(0, 10)))?.vlans).toEqual([run(10, 10)]);
  expect(parseBridgeLink(link(`0600000002000000${vlan(0, 10)}`))).toBeUndefined();
  // Its mode, and flags of another length, say nothing of that.
  for (const other of ['0600010002000000', '0800000002000000'])
    expect(parseBridgeLink(link(`${other}${vlan(0, 10)}`))?.vlans).toEqual([run(10, 10)]);
});

test.each([
  ['a range that does not end', vlan(8, 10)],
  ['a range that does not begin', vlan(16, 10)],
  ['a range in a range', vlan(8, 10) + vlan(8, 12)],
  ['a range that runs backwards', vlan(8, 12) + vlan(16, 10)],
  ['VLAN 0', vlan(0, 0)],
  ['VLAN 4095', vlan(0, 4095)],
  ['a VLAN of two bytes', '0600020000000000'],
  ['a VLAN of eight bytes', `0c000200${'00000a00'.repeat(2)}`],
  ['an attribute that is cut off', '08000200'],
  ['an attribute without a length', '0000020000000000'],
])('%s is refused', (_, spec) => {
  expect(() => parseBridgeLink(link(spec))).toThrow(MalformedError);
});

const chop = fc.record({
  cut: fc.nat(2284),
  flips: fc.array(fc.tuple(fc.nat(2283), fc.nat(255)), { maxLength: 8 }),
});

test('no bytes whatever make a parser do anything but return values or refuse', () => {
  const read = (datagram: Buffer) => {
    for (const { payload } of parseMessages(datagram)) {
      parseBridgeLink(payload);
      parseBridgeFacts(payload);
    }
  };
  const safely = (datagram: Buffer) => {
    try {
      read(datagram);
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
    }
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => safely(Buffer.from(bytes))));
  // What the kernel wrote, changed in a few places and cut off.
  fc.assert(
    fc.property(chop, fc.constantFrom('bridgeLinks' as const, 'linkOfBridge' as const), ({ cut, flips }, what) => {
      const datagram = answer(what)[0] as Buffer;
      for (const [at, value] of flips) if (at < datagram.length) datagram[at] = value;
      safely(datagram.subarray(0, cut));
    }),
    { numRuns: 2000 },
  );
});

test('a link whose bytes are the same is the same value at the next reading, and one that changed is parsed again', () => {
  const parser = createBridgeLinkParser();
  const buffer = link(vlan(0, 10));
  const first = parser.parse(buffer);
  parser.next();
  expect(parser.parse(Buffer.from(buffer))).toBe(first);
  // The datagram's place is written over by the next one: nothing that is remembered may lie there.
  link(vlan(0, 11)).copy(buffer);
  expect(parser.parse(buffer)?.vlans).toEqual([run(11, 11)]);
  parser.next();
  link(vlan(0, 10)).copy(buffer);
  expect(parser.parse(buffer)).toEqual(first);
});

test('a link that was not in the last reading is forgotten', () => {
  const parser = createBridgeLinkParser();
  const first = parser.parse(link(vlan(0, 10)));
  parser.next();
  parser.next();
  const again = parser.parse(link(vlan(0, 10)));
  expect(again).toEqual(first);
  expect(again).not.toBe(first);
});

test('bytes that are refused are refused each time', () => {
  const parser = createBridgeLinkParser();
  for (const _ of [1, 2]) expect(() => parser.parse(link(vlan(8, 10)))).toThrow(MalformedError);
});
