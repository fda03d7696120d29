import { expect, test } from 'vitest';
import { changeRequest } from '../../../../src/host/linux/netlink/changes.ts';
import { createExchange, NetlinkError } from '../../../../src/host/linux/netlink/exchange.ts';
import { bridgeLinksRequest, linkRequest } from '../../../../src/host/linux/netlink/links.ts';
import { vid } from '../../../../src/model/vlan.ts';
import { acknowledgement, answer, type FakeSocket, fakeSocket, message, sent } from './kernel.ts';

const seqOf = (datagram: Buffer) => sent(datagram)[0]?.seq ?? 0;
const DONE = (seq: number, errno = 0, flags = 0) => {
  const body = Buffer.alloc(4);
  body.writeInt32LE(-errno);
  return message(3, seq, body, flags);
};
const LINK = 16;
const one = (seq: number, flags = 0) => message(LINK, seq, Buffer.from('link'), flags);

/** Payloads of the messages that a dump was made of, and how often it was asked for. */
function dump(socket: FakeSocket) {
  const { found, parts } = createExchange(socket, 41).dump(bridgeLinksRequest(), LINK, (payload) =>
    payload.toString('latin1'),
  );
  return { found, parts, requests: socket.written.length };
}

test('a dump in several parts is read to its end', () => {
  const { found, ...rest } = dump(fakeSocket((q) => answer('bridgeLinks', seqOf(q))));
  expect(found).toHaveLength(7);
  expect(rest).toEqual({ requests: 1, parts: 2 });
});

test('messages that answer another request are no part of it, nor are those of netlink itself or unknown ones', () => {
  const noise = [
    one(7),
    acknowledgement(8, 1),
    message(1, 42, Buffer.alloc(0)),
    message(17, 42, Buffer.alloc(4)),
    DONE(9),
  ];
  expect(dump(fakeSocket((q) => [...noise, one(seqOf(q)), one(3), DONE(seqOf(q))])).found).toEqual(['link']);
});

test('what a former process left unread is thrown away, an overrun of the queue among it', () => {
  const socket = fakeSocket((q) => [one(seqOf(q)), DONE(seqOf(q))]);
  socket.queue.push(one(42), 'ENOBUFS', DONE(42));
  expect(dump(socket).found).toEqual(['link']);
});

test('a dump that was disturbed is read again', () => {
  let times = 0;
  const socket = fakeSocket((q) => {
    times += 1;
    return [one(seqOf(q)), DONE(seqOf(q), 0, times < 3 ? 0x10 : 0)];
  });
  expect(dump(socket)).toMatchObject({ found: ['link'], requests: 3 });
});

test('a dump that is disturbed each time is given up', () => {
  const socket = fakeSocket((q) => [one(seqOf(q), 0x10), DONE(seqOf(q))]);
  expect(() => dump(socket)).toThrow('each of 4 readings was disturbed');
  expect(socket.written).toHaveLength(4);
});

test.each(['ENOBUFS', 'EBUSY'] as const)('%s is tried again', (code) => {
  let times = 0;
  const socket = fakeSocket((q) => {
    times += 1;
    const fails = code === 'EBUSY' ? [acknowledgement(seqOf(q), 16)] : [one(seqOf(q)), code];
    return times === 1 ? fails : [one(seqOf(q)), DONE(seqOf(q))];
  });
  expect(dump(socket)).toMatchObject({ found: ['link'], requests: 2 });
});

test.each([
  ['an answer that does not come', () => [], 'did not answer to the end'],
  ['an answer that does not end', (seq: number) => [one(seq)], 'did not answer to the end'],
  ['a message that is cut off', (seq: number) => [one(seq).subarray(0, 18), DONE(seq)], 'not understood'],
  ['a datagram longer than the buffer', () => [Buffer.alloc(1 << 20)], 'longer than the buffer'],
  ['an end of file', () => [Buffer.alloc(0)], 'closed'],
  ['a queue that overruns each time', (seq: number) => [one(seq), 'ENOBUFS'], 'ENOBUFS'],
  ['a closed descriptor', () => ['EBADF'], 'EBADF'],
  ['a kernel that does not know the request', (seq: number) => [acknowledgement(seq, 95)], 'EOPNOTSUPP'],
  ['a dump that ends in an error', (seq: number) => [one(seq), DONE(seq, 90)], 'EMSGSIZE'],
  ['an acknowledgement of no bytes', (seq: number) => [message(2, seq, Buffer.alloc(0))], 'not understood'],
] as const)('%s is an error', (_, respond, problem) => {
  const failing = () => dump(fakeSocket((q) => respond(seqOf(q)) as (Buffer | string)[]));
  expect(failing).toThrow(NetlinkError);
  expect(failing).toThrow(problem);
});

const request = () =>
  changeRequest(4, { action: 'add', port: 'x', first: vid(1), last: vid(1), pvid: false, untagged: false });

test('requests are sent together, and each is answered by its number, in whatever order', () => {
  const socket = fakeSocket((q) =>
    sent(q)
      .map(({ seq }, i) => acknowledgement(seq, [0, 22, 19][i]))
      .reverse(),
  );
  expect(createExchange(socket, 0xffff_fffd).ask([request(), request(), request()])).toEqual([0, 22, 19]);
  expect(socket.written).toHaveLength(1);
});

test('no more than 64 requests are under way, so that their answers fit into the queue', () => {
  const socket = fakeSocket((q) => sent(q).map(({ seq }) => acknowledgement(seq)));
  const answers = createExchange(socket, 1).ask(Array.from({ length: 150 }, request));
  expect(answers).toEqual(Array(150).fill(0));
  expect(socket.written.map((datagram) => sent(datagram).length)).toEqual([64, 64, 22]);
});

test('what is answered before an error is told, and what comes after it is not', () => {
  const socket = fakeSocket((q) => [acknowledgement(seqOf(q)), 'ENOBUFS']);
  expect(createExchange(socket, 1).ask([request(), request(), request()])).toEqual([0, undefined, undefined]);
  expect(() =>
    createExchange(
      fakeSocket(() => ['EBADF']),
      1,
    ).ask([request()]),
  ).toThrow('EBADF');
});

test('a link that is asked for comes with its acknowledgement, or with the error of one that is not', () => {
  const socket = fakeSocket((q) => {
    const [there, not] = sent(q).map(({ seq }) => seq) as [number, number];
    return [...answer('linkOfBridge', there), ...answer('linkThatIsNot', not)];
  });
  const seen: number[] = [];
  const answers = createExchange(socket, 1).ask([linkRequest('br-a'), linkRequest('nope')], (at) => seen.push(at));
  expect([answers, seen]).toEqual([[0, 19], [0]]);
});

test('the number after the largest is 1, and none is 0', () => {
  const socket = fakeSocket((q) => sent(q).map(({ seq }) => acknowledgement(seq)));
  createExchange(socket, 0xffff_fffe).ask([request(), request()]);
  expect(sent(socket.written[0] as Buffer).map(({ seq }) => seq)).toEqual([0xffff_ffff, 1]);
});
