import { describe, expect, test } from 'vitest';
import { parseVlanShow, readVlans, readVlansOf } from '../../../src/host/linux/vlans.ts';
import { formatTable } from '../../../src/model/vlan.ts';
import { memoryHost } from '../../support/memory-host.ts';

test('rows, ranges and flags as iproute2 writes them', () => {
  const tables = parseVlanShow(
    `[{"ifname":"vnet1","vlans":[{"vlan":10},{"vlan":100,"flags":["PVID","Egress Untagged"]}]},
      {"ifname":"vnet2","vlans":[{"vlan":70,"vlanEnd":80},{"vlan":5,"flags":["Egress Untagged"]}]}]`,
  );
  expect([...tables].map(([port, table]) => `${port}: ${formatTable(table)}`)).toEqual([
    'vnet1: 10 100*',
    'vnet2: 5u 70-80',
  ]);
});

test('an empty list is no port with a VLAN; no output at all is an error', () => {
  expect(parseVlanShow('[]\n').size).toBe(0);
  for (const nothing of ['', ' \n']) expect(() => parseVlanShow(nothing)).toThrow(/printed nothing/);
});

test('a port that is listed twice has the rows of both', () => {
  const tables = parseVlanShow(
    `[{"ifname":"vnet1","vlans":[{"vlan":5}]},{"ifname":"vnet2","vlans":[{"vlan":9}]},
      {"ifname":"vnet1","vlans":[{"vlan":7,"flags":["PVID","Egress Untagged"]}]}]`,
  );
  expect([...tables].map(([port, table]) => `${port}: ${formatTable(table)}`)).toEqual(['vnet1: 5 7*', 'vnet2: 9']);
});

test('control characters in the name of a foreign port blind nobody', () => {
  const name = 'a\u0001\u001b';
  const tables = parseVlanShow(`[{"ifname":"${name}","vlans":[{"vlan":5}]},{"ifname":"vnet1","vlans":[{"vlan":9}]}]`);
  expect([...tables.keys()]).toEqual([name, 'vnet1']);
});

test('the object that iproute2 up to 4.16 prints is refused, with the version that is needed', () => {
  expect(() => parseVlanShow('{"vnet1":[{"vlan":1}]}')).toThrow(/iproute2 5\.0 and newer/);
});

describe('output of another form is an error', () => {
  test.each(['{}', 'null', '[1]', '[{"ifname":"a"}]', '[{"ifname":"a","vlans":[{"vlan":"x"}]}]', '[{'])(
    '%s',
    (json) => {
      expect(() => parseVlanShow(json)).toThrow();
    },
  );
  test.each([0, 4095, -1, 1.5])('VLAN id %d', (vlan) => {
    expect(() => parseVlanShow(JSON.stringify([{ ifname: 'a', vlans: [{ vlan }] }]))).toThrow(/not a VLAN/);
  });
});

test('a dump that fails is a reading that failed, with the reason', async () => {
  expect(await readVlans(memoryHost())).toEqual({
    ok: false,
    error: 'bridge -j -compressvlans vlan show: no such program in PATH',
  });
});

describe('an answer in doubt is asked for once more', () => {
  const SHOW = 'bridge -j -compressvlans vlan show';
  const PORT = '[{"ifname":"vnet1","vlans":[{"vlan":5}]}]';
  const NUMBERED = '[{"ifname":"if57","vlans":[{"vlan":5}]}]';
  const read = async (files: Record<string, string>, ports: readonly string[], ...answers: readonly string[]) => {
    const host = memoryHost(files);
    const left = [...answers];
    const run = async () => ({
      stdout: left.shift() ?? 'asked too often',
      stderr: '',
      exitCode: 0,
      problem: undefined,
    });
    const reading = await readVlansOf({ ...host, run }, ports);
    return { reading: reading.ok ? [...reading.value.keys()] : reading.error, left: left.length };
  };

  test('no row at all though there are ports', async () => {
    expect(await read({}, ['vnet1'], '[]', PORT)).toEqual({ reading: ['vnet1'], left: 0 });
  });
  test('no row twice is believed: so is a host whose ports have no VLAN', async () => {
    expect(await read({}, ['vnet1'], '[]', '[]')).toEqual({ reading: [], left: 0 });
  });
  test('no row where there is no port is no doubt', async () => {
    expect(await read({}, [], '[]', PORT)).toEqual({ reading: [], left: 1 });
  });
  test('a port that is named by its number', async () => {
    expect(await read({}, ['vnet1'], NUMBERED, PORT)).toEqual({ reading: ['vnet1'], left: 0 });
  });
  test('a port that is named by its number twice is an error', async () => {
    const error = `bridge vlan show: calls a port if57, which has another name`;
    expect(await read({}, ['vnet1'], NUMBERED, NUMBERED)).toEqual({ reading: error, left: 0 });
  });
  test('a port whose name is if57 is no doubt', async () => {
    const files = { '/sys/class/net/if57/address': '' };
    expect(await read(files, ['if57'], NUMBERED, PORT)).toEqual({ reading: ['if57'], left: 1 });
  });
  test('an answer that is there already counts as the first', async () => {
    const host = memoryHost();
    host.answers.set(SHOW, { stdout: PORT });
    const reading = await readVlansOf(host, ['vnet1'], { ok: true, value: new Map() });
    expect(reading.ok && reading.value.size).toBe(1);
  });
});
