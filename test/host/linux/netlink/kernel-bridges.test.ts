import { expect, test, vi } from 'vitest';
import { createExchange } from '../../../../src/host/linux/netlink/exchange.ts';
import { createKernelBridges, openKernelBridges } from '../../../../src/host/linux/netlink/kernel-bridges.ts';
import type { Change, FdbChange, VlanChange } from '../../../../src/model/plan.ts';
import { formatTable, formatVids, vid } from '../../../../src/model/vlan.ts';
import { acknowledgement, answer, type FakeSocket, fakeSocket, sent } from './kernel.ts';

const GETLINK = 18;
const GETNEIGH = 30;

/** A kernel that answers as the recorded one did, to each request what `answers` says, else that. */
function kernel(
  answers: {
    fail?: string;
    gone?: true;
    twice?: true;
    change?: (seq: number, at: number) => readonly (Buffer | string)[];
  } = {},
) {
  const state = { now: 0, answers };
  const socket = fakeSocket((datagram) => {
    if (state.answers.fail !== undefined) return [state.answers.fail];
    return sent(datagram).flatMap(({ type, seq, bytes }, i): readonly (Buffer | string)[] => {
      if (type === GETNEIGH) return answer(state.answers.gone ? 'fdbOfGoneBridge' : 'fdb', seq);
      if (type !== GETLINK) return state.answers.change?.(seq, i) ?? [acknowledgement(seq)];
      if (bytes.readUInt16LE(6) & 0x300) {
        const parts = answer('bridgeLinks', seq);
        return state.answers.twice ? [...parts.slice(0, 1), ...parts] : parts;
      }
      return bytes.includes('br-a') ? answer('linkOfBridge', seq) : answer('linkThatIsNot', seq);
    });
  });
  const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  const isTap = (name: string) => name.startsWith('rec');
  const bridges = createKernelBridges(createExchange(socket, 5), isTap, log, () => state.now);
  return { bridges, state, log, socket };
}

const change = (port: string, id = 10, action: VlanChange['action'] = 'add'): VlanChange => ({
  action,
  port,
  first: vid(id),
  last: vid(id),
  pvid: false,
  untagged: false,
});

/** What was sent since `from` datagrams were: of each datagram the requests, by their type and VLANs. */
function requests(socket: FakeSocket, from: number): readonly string[] {
  const names: Record<number, string> = { 17: 'del', 19: 'add', 28: 'fdb add', 29: 'fdb del' };
  const vids = (bytes: Buffer) =>
    Array.from({ length: Math.max(0, (bytes.length - 36) / 8) }, (_, i) => bytes.readUInt16LE(36 + 8 * i + 6));
  const said = ({ type, bytes }: { type: number; bytes: Buffer }) =>
    type < 20 ? `${names[type]} ${bytes.readInt32LE(20)}: ${vids(bytes).join(' ')}` : `${names[type]}`;
  return socket.written.slice(from).map((datagram) => sent(datagram).map(said).join(', '));
}

test('a port that the kernel lists twice, since another came while it did, is one', () => {
  const once = kernel().bridges.read(['br-a']);
  expect(kernel({ twice: true }).bridges.read(['br-a'])).toEqual(once);
});

test('the named bridges that exist, their ports in order, and all tables are read', () => {
  const { bridges, log } = kernel();
  const read = bridges.read(['br-a', 'nope']);
  expect(read?.bridges).toEqual([
    {
      name: 'br-a',
      vlanFiltering: true,
      defaultPvid: 7,
      vlanProtocol: '802.1Q',
      ports: [0, 1, 2, 3].map((i) => ({ name: `rec${i}`, mac: `fe:54:00:00:00:0${i}`, tap: true })),
    },
  ]);
  expect([...(read?.vlans ?? [])].map(([name, table]) => `${name}: ${formatTable(table)}`)).toEqual([
    'br-a: 7* 10',
    'br-off: 1*',
    'rec1: 7u 100* 200-210 300u',
    'rec2: 1-41 42*t 43-4094',
    'rec3: 7*',
    '012345678901234: 1*',
  ]);
  expect([bridges.via(), log.info.mock.calls.length, log.warn.mock.calls.length]).toEqual(['netlink', 1, 0]);
});

test('of many bridges no more than 16 are asked for at once; where one window of them is not answered, nothing was read', () => {
  const names = Array.from({ length: 40 }, (_, i) => `br-a${i}`);
  const { bridges, socket } = kernel();
  expect(bridges.read(names)).toBeDefined();
  expect(socket.written.slice(0, 3).map((datagram) => sent(datagram).length)).toEqual([16, 16, 8]);
  const silent = kernel();
  const written = silent.socket.write;
  silent.socket.write = (datagram) => (sent(datagram).length === 8 ? datagram.length : written(datagram));
  expect(silent.bridges.read(names)).toBeUndefined();
});

test('what the kernel refuses is told, what it does not answer is left to iproute2, and an unknown port is asked for nothing', () => {
  const { bridges } = kernel({
    change: (seq, at) => [[acknowledgement(seq, 19)], [acknowledgement(seq)], []][at] ?? [],
  });
  expect(bridges.change([change('rec1')])).toBeUndefined(); // before anything was read
  bridges.read([]);
  const all = ['rec1', 'rec2', 'rec3', 'nope'].map((port) => change(port));
  const made = bridges.change(all);
  expect([...(made?.refused ?? [])].map(([{ port }, why]) => `${port}: ${why}`)).toEqual([
    'nope: the port was not there when the bridges were read',
    'rec1: no such device (ENODEV): the port is gone',
  ]);
  expect(made?.unanswered).toEqual([all[2]]);
});

test('static FDB entries are read by port and MAC, and changed with the VLANs, in their order', () => {
  const { bridges, socket } = kernel();
  bridges.read([]);
  const fdb = bridges.fdb(['rec1', 'nope']);
  const said = [...(fdb ?? [])].map(([port, macs]) => [
    port,
    [...macs].map(([mac, vids]) => `${mac} ${formatVids(vids)}`),
  ]);
  expect(said).toEqual([['rec1', ['52:54:00:00:00:04 1 10-12', '52:54:00:00:00:01 10-12']]]);
  const of = (action: FdbChange['action']): FdbChange => ({ action, port: 'rec1', mac: '52:54:00:00:00:01', vid: 10 });
  const made = bridges.change([of('fdb delete'), change('rec1'), of('fdb add')]);
  expect([made?.refused.size, made?.unanswered]).toEqual([0, []]);
  expect(sent(socket.written.at(-1) ?? Buffer.alloc(0)).map(({ type }) => type)).toEqual([29, 19, 28]);
});

test('a bridge that is gone has no FDB entries, which is no failure', () => {
  const { bridges } = kernel({ gone: true });
  bridges.read([]);
  expect(bridges.fdb(['rec1'])?.size).toBe(0);
  expect(bridges.via()).toBe('netlink');
});

test.each(['EBADF', 'ENOBUFS', 'EAGAIN'])(
  '%s: iproute2 takes over, said once; a minute later netlink is tried again',
  (fail) => {
    const { bridges, state, log, socket } = kernel();
    bridges.read([]);
    state.answers = { fail };
    const asked = [bridges.read([]), bridges.read([]), bridges.fdb(['rec1']), bridges.change([change('rec1')])];
    expect(asked).toEqual([undefined, undefined, undefined, undefined]);
    expect([bridges.via(), log.warn.mock.calls.length]).toEqual(['iproute2', 1]);
    state.answers = {};
    socket.queue.length = 0;
    expect(bridges.read([])).toBeUndefined();
    state.now += 60_000;
    expect(bridges.read([])?.vlans.size).toBe(6);
    expect([bridges.via(), log.info.mock.calls.length]).toEqual(['netlink', 2]);
  },
);

test('without a descriptor from systemd there is none, and the log says so', () => {
  const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  expect(openKernelBridges({}, log)).toBeUndefined();
  expect(log.info).toHaveBeenCalledWith(
    { via: 'iproute2', reason: 'systemd passed no netlink socket' },
    'the kernel is asked by bridge(8)',
  );
});

// Their indices in what was recorded.
const REC = { rec1: 5, rec2: 6, rec3: 7 };

function all(port: string): readonly Change[] {
  return [change(port, 10), change(port, 20), change(port, 1, 'delete'), change(port, 7, 'delete')];
}

test('what is added to a port is one request, and nothing is deleted from it before that is done', () => {
  const { bridges, socket } = kernel();
  bridges.read([]);
  const from = socket.written.length;
  const made = bridges.change([...all('rec1'), change('rec3'), change('rec3', 7, 'delete'), ...all('rec2')]);
  expect(requests(socket, from)).toEqual([
    `add ${REC.rec1}: 10 20, add ${REC.rec3}: 10, del ${REC.rec3}: 7, add ${REC.rec2}: 10 20`,
    `del ${REC.rec1}: 1 7, del ${REC.rec2}: 1 7`,
  ]);
  expect([made?.refused.size, made?.unanswered]).toEqual([0, []]);
});

test('of VLANs that are refused together, each is asked for once more before anything is deleted, and told by itself', () => {
  const answers = [28, 0, 0, 28, 0, 0];
  const { bridges, socket } = kernel({ change: (seq) => [acknowledgement(seq, answers.shift())] });
  bridges.read([]);
  const from = socket.written.length;
  const changes = [...all('rec1'), ...all('rec2')];
  const made = bridges.change(changes);
  expect(requests(socket, from)).toEqual([
    `add ${REC.rec1}: 10 20, add ${REC.rec2}: 10 20`,
    `add ${REC.rec1}: 10, add ${REC.rec1}: 20`,
    `del ${REC.rec1}: 1 7, del ${REC.rec2}: 1 7`,
  ]);
  expect([...(made?.refused ?? [])].map(([of, why]) => [changes.indexOf(of), why])).toEqual([
    [1, 'no space left on device (ENOSPC)'],
  ]);
});

test.each([
  ['of a request that is not answered, all that follows is left to iproute2', 1, 0, [2, 3, 4, 5, 6, 7]],
  ['of one that is refused, too, where another is not answered', 1, 28, [0, 1, 2, 3, 4, 5, 6, 7]],
])('%s', (_, answered, errno, left) => {
  let asked = 0;
  const { bridges } = kernel({ change: (seq) => (asked++ < answered ? [acknowledgement(seq, errno)] : []) });
  bridges.read([]);
  const changes = [...all('rec1'), ...all('rec2')];
  expect(bridges.change(changes)?.unanswered.map((of) => changes.indexOf(of))).toEqual(left);
});

test('a request holds at most 32 changes of a port', () => {
  const { bridges, socket } = kernel();
  bridges.read([]);
  const from = socket.written.length;
  bridges.change(Array.from({ length: 70 }, (_, i) => change('rec1', 2 * i + 1)));
  expect(requests(socket, from).map((of) => of.split(' ').length - 2)).toEqual([32, 32, 6]);
});
