import { expect, test, vi } from 'vitest';
import type { Bridges } from '../../../src/host/host.ts';
import { preferNetlink } from '../../../src/host/linux/bridges.ts';
import type { KernelBridges } from '../../../src/host/linux/netlink/kernel-bridges.ts';
import type { FdbChange, VlanChange } from '../../../src/model/plan.ts';
import { vid, vidsFrom } from '../../../src/model/vlan.ts';

const MAC = '52:54:00:00:00:01';
const fdbChange: FdbChange = { action: 'fdb add', port: 'vnet0', mac: MAC, vid: 10 };
const vlanChange: VlanChange = {
  action: 'add',
  port: 'vnet0',
  first: vid(10),
  last: vid(10),
  pvid: false,
  untagged: false,
};
const fdb = new Map([['vnet0', new Map([[MAC, vidsFrom([{ first: vid(10), last: vid(10) }])]])]]);
const ok = <T>(value: T) => ({ ok: true, value }) as const;

function bridges(answers: Partial<KernelBridges>) {
  const netlink: KernelBridges = {
    via: () => 'netlink',
    read: () => ({ bridges: [], vlans: new Map() }),
    fdb: () => fdb,
    change: () => ({ refused: new Map(), unanswered: [] }),
    ...answers,
  };
  const iproute2 = {
    read: vi.fn(async () => ({ links: ok([]), vlans: ok(new Map()), collectors: [] })),
    fdb: vi.fn(async () => ok(new Map())),
    change: vi.fn(async () => ({ failures: new Map(), vlans: ok(new Map()), ports: ok(new Map()), fdb: undefined })),
  };
  let now = 0;
  return { bridges: preferNetlink(netlink, iproute2 as unknown as Bridges, () => (now += 5)), iproute2 };
}

const PORT = { bridge: 'br0', port: 'vnet0' };
const back = { ports: ['br0'], fdb: [PORT] };

test('VLANs and FDB entries are changed and read back by netlink, without a process', async () => {
  const change = vi.fn(() => ({ refused: new Map(), unanswered: [] }));
  const { bridges: both, iproute2 } = bridges({ change });
  expect(await both.fdb([PORT])).toEqual(ok(fdb));
  const made = await both.change([vlanChange, fdbChange], back);
  expect(made).toEqual({
    failures: new Map(),
    vlans: ok(new Map()),
    fdb: ok(fdb),
    ports: ok(new Map([['br0', new Set()]])),
  });
  expect(change).toHaveBeenCalledWith([vlanChange, fdbChange]);
  expect(iproute2.change.mock.calls.length + iproute2.fdb.mock.calls.length).toBe(0);
});

test('links and VLANs are read by netlink, and both readers are well', async () => {
  const { bridges: both } = bridges({});
  expect(await both.read(['br0'])).toEqual({
    links: ok([]),
    vlans: ok(new Map()),
    collectors: ['links', 'vlans'].map((collector) => ({ collector, ok: true, durationMs: 5 })),
  });
});

const port = (name: string) => ({ name, mac: undefined, tap: true });
const br0 = { name: 'br0', vlanFiltering: true, defaultPvid: 1, ports: [port('vnet0'), port('vnet1')] };

test('of some ports no other is told', async () => {
  const { bridges: both } = bridges({ read: () => ({ bridges: [br0], vlans: new Map() }) });
  expect((await both.read(['br0'])).links).toEqual(ok([br0]));
  expect((await both.read(['br0'], new Set(['vnet1']))).links).toEqual(ok([{ ...br0, ports: [port('vnet1')] }]));
});

test('after changes the ports of the bridges are told by name, and no FDB where none is asked for', async () => {
  const { bridges: both } = bridges({ read: () => ({ bridges: [br0], vlans: new Map() }) });
  expect(await both.change([vlanChange], { ports: ['br9', 'br0'], fdb: [] })).toMatchObject({
    fdb: undefined,
    ports: ok(
      new Map([
        ['br9', new Set()],
        ['br0', new Set(['vnet0', 'vnet1'])],
      ]),
    ),
  });
});

test('what both of them refused is told', async () => {
  const { bridges: both, iproute2 } = bridges({
    change: () => ({ refused: new Map([[vlanChange, 'by netlink']]), unanswered: [fdbChange] }),
  });
  iproute2.change.mockResolvedValue({
    failures: new Map([[fdbChange, 'by iproute2']]),
    vlans: ok(new Map()),
    ports: ok(new Map()),
    fdb: undefined,
  } as never);
  expect([...(await both.change([vlanChange, fdbChange], back)).failures]).toEqual([
    [vlanChange, 'by netlink'],
    [fdbChange, 'by iproute2'],
  ]);
});

test('what netlink leaves unanswered iproute2 does again, and reads', async () => {
  const refused = new Map([[vlanChange, 'no such device']]);
  const { bridges: both, iproute2 } = bridges({ change: () => ({ refused, unanswered: [fdbChange] }) });
  expect((await both.change([vlanChange, fdbChange], back)).failures).toEqual(refused);
  expect(iproute2.change).toHaveBeenCalledWith([fdbChange], back);
});

test('where netlink does not answer, iproute2 is asked for all of it', async () => {
  const none = () => undefined;
  const { bridges: both, iproute2 } = bridges({ read: none, fdb: none, change: none });
  const only = new Set(['vnet0']);
  await both.read(['br0'], only);
  expect(iproute2.read).toHaveBeenCalledWith(['br0'], only);
  await both.fdb([PORT]);
  await both.change([fdbChange], back);
  expect(iproute2.fdb).toHaveBeenCalledWith([PORT]);
  expect(iproute2.change).toHaveBeenCalledWith([fdbChange], back);
});

test('where the read after the changes fails, they are not made again, and iproute2 reads', async () => {
  const { bridges: both, iproute2 } = bridges({ read: () => undefined });
  await both.change([vlanChange], back);
  expect(iproute2.change).toHaveBeenCalledWith([], back);
});
