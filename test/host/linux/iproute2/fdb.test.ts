import { expect, test } from 'vitest';
import { parseFdbShow } from '../../../../src/host/linux/iproute2/text.ts';
import { formatVids } from '../../../../src/model/vlan.ts';
import { memoryHost } from '../../../support/memory-host.ts';

const say = (json: string) =>
  [...parseFdbShow(json)].map(
    ([port, macs]) => `${port}: ${[...macs].map(([mac, vids]) => `${mac} in ${formatVids(vids)}`).join(', ')}`,
  );

test('static entries with a VLAN are kept, by port and MAC', () => {
  const entry = (rest: object) => ({ mac: '52:54:00:00:00:01', ifname: 'vnet1', state: 'static', ...rest });
  const entries = [
    entry({ vlan: 10 }),
    entry({ vlan: 11 }),
    entry({ vlan: 10, ifname: 'vnet2', mac: '52:54:00:00:00:02' }),
    entry({}),
    entry({ vlan: 12, state: 'permanent' }),
    entry({ vlan: 4095 }),
  ];
  expect(say(JSON.stringify(entries))).toEqual(['vnet1: 52:54:00:00:00:01 in 10-11', 'vnet2: 52:54:00:00:00:02 in 10']);
});

test('what has no MAC is no entry of ours', () => {
  expect(say('[{"mac":"52:54","ifname":"vnet1","vlan":10,"state":"static"}]')).toEqual([]);
});

test.each(['{}', 'null', '7', '{"ifname":"vnet1"}', '{"mac":"52:54:00:00:00:01"}'])(
  'output of another form is an error: %s',
  (entry) => {
    expect(() => parseFdbShow(entry === '{}' ? entry : `[${entry}]`)).toThrow(/^(expected a list|not an entry: .+)/);
  },
);

test('the name of a foreign port blinds nobody', () => {
  const row = (name: string) => `{"mac":"52:54:00:00:00:01","ifname":"${name}","vlan":10,"state":"static"}`;
  expect([...parseFdbShow(`[${row(String.raw`it\'s`)},${row('a\u0001')},${row('vnet1')}]`).keys()]).toEqual([
    "it's",
    'a\u0001',
    'vnet1',
  ]);
});

const PORT = { bridge: 'br0', port: 'vnet0' };

test('nothing printed is an error, and not a table without entries', async () => {
  const host = memoryHost({ '/sys/class/net/br0/bridge/vlan_filtering': '1' });
  const args = 'bridge -j fdb show br br0';
  host.answers.set(args, { stdout: '' });
  expect(await host.bridges.fdb([PORT])).toEqual({
    ok: false,
    error: `${args}: printed nothing; expected a JSON list`,
  });
  host.answers.set(args, { stdout: '[]' });
  expect(await host.bridges.fdb([PORT, { bridge: 'gone', port: 'vnet1' }])).toEqual({ ok: true, value: new Map() });
});
