import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fdbChangeRequest, fdbRequest, parseFdbEntry } from '../../../../src/host/linux/netlink/fdb.ts';
import { MalformedError, parseMessages } from '../../../../src/host/linux/netlink/message.ts';
import { vid } from '../../../../src/model/vlan.ts';
import { answer, bytes } from './kernel.ts';

const entry = (mac: string, id: number) => ({ index: 5, mac, vid: vid(id) });

test('the entries of a port are asked for by its index and its bridge’s', () => {
  expect(fdbRequest(5, 2).toString('hex')).toBe(
    '280000001e000103000000000000000007000000050000000000000000000000' + '08000a0002000000',
  );
});

test('of what the kernel has, the static entries in a VLAN are told; not its own, learned or VLAN-less ones', () => {
  const messages = answer('fdb')
    .flatMap(parseMessages)
    .filter(({ type }) => type === 28);
  const found = messages.map(({ payload }) => parseFdbEntry(payload)).filter((one) => one !== undefined);
  expect(messages.length).toBeGreaterThan(found.length);
  expect(found).toEqual([
    ...[12, 11, 10, 1].map((id) => entry('52:54:00:00:00:04', id)),
    ...[12, 11, 10].map((id) => entry('52:54:00:00:00:01', id)),
  ]);
});

test('an entry is added and deleted by what the kernel took, each with a request for an answer', () => {
  const body = '0700000005000000420004000a0002005254000000090000060005000a000000';
  expect(fdbChangeRequest('fdb add', entry('52:54:00:00:00:09', 10)).toString('hex')).toBe(
    `300000001c0005050000000000000000${body}`,
  );
  expect(fdbChangeRequest('fdb delete', entry('52:54:00:00:00:09', 10)).toString('hex')).toBe(
    `300000001d0005000000000000000000${body}`,
  );
});

test('what is too short for an entry, or is cut off, is refused', () => {
  expect(() => parseFdbEntry(bytes('0700000005000000400000'))).toThrow(MalformedError);
  expect(() => parseFdbEntry(bytes('07000000050000004000000008000200'))).toThrow(MalformedError);
});

test('no bytes whatever make the parser do anything but return a value or refuse', () => {
  const [recorded = Buffer.alloc(0)] = answer('fdb');
  const chopped = fc.record({
    cut: fc.nat(recorded.length),
    flips: fc.array(fc.tuple(fc.nat(recorded.length - 1), fc.nat(255)), { maxLength: 8 }),
  });
  fc.assert(
    fc.property(chopped, ({ cut, flips }) => {
      const datagram = Buffer.from(recorded.subarray(0, cut));
      for (const [at, value] of flips) if (at < cut) datagram[at] = value;
      try {
        for (const { payload } of parseMessages(datagram)) parseFdbEntry(payload);
      } catch (error) {
        if (!(error instanceof MalformedError)) throw error;
      }
    }),
    { numRuns: 1000 },
  );
});
