import { describe, expect, test } from 'vitest';
import { createIproute2 } from '../../../../src/host/linux/iproute2/bridges.ts';
import { parseVlanShow } from '../../../../src/host/linux/iproute2/text.ts';
import { formatTable, vidRange } from '../../../../src/model/vlan.ts';
import { memoryHost } from '../../../support/memory-host.ts';

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

test("quotes and backslashes in the name of a foreign port blind nobody: iproute2 before 6.2 writes \\', which is no JSON", () => {
  const rows = String.raw`[{"ifname":"it\'s","vlans":[{"vlan":5}]},{"ifname":"a\\'b\"","vlans":[]},{"ifname":"vnet1","vlans":[{"vlan":9}]}]`;
  expect([...parseVlanShow(rows).keys()]).toEqual(["it's", String.raw`a\'b"`, 'vnet1']);
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
  expect((await memoryHost().bridges.read([])).vlans).toEqual({
    ok: false,
    error: 'bridge -j -compressvlans vlan show: no such program in PATH',
  });
});

describe('a port that is gone when its changes are made', () => {
  /** A host of these ports whose `bridge` does as a real one does with batches; the lines that it came to. */
  const withPorts = (ports: readonly string[], refused = '', noDevice = 'Cannot find bridge device "PORT"') => {
    const host = memoryHost(Object.fromEntries(ports.map((port) => [`/sys/class/net/${port}/address`, ''])));
    const tried: string[] = [];
    const why = (line: string) => {
      if (line === refused) return 'RTNETLINK answers: Operation not permitted';
      const port = / dev (\S+)/.exec(line)?.[1] ?? '';
      return line !== 'vlan show' && !ports.includes(port) ? noDevice.replace('PORT', port) : undefined;
    };
    const run = async (_: string, args: readonly string[], { input = 'vlan show' }: { input?: string }) => {
      const errors: string[] = [];
      let stdout = '';
      for (const [i, line] of input.trim().split('\n').entries()) {
        tried.push(line);
        const error = why(line);
        if (line === 'vlan show') stdout = '[]';
        if (error) errors.push(error, `Command failed -:${i + 1}`);
        if (error && !args.includes('-force')) break;
      }
      const failed = errors.length > 0;
      return { stdout, stderr: errors.join('\n'), exitCode: failed ? 1 : 0, problem: failed ? 'exit 1' : undefined };
    };
    return { bridges: createIproute2({ ...host, run }), tried };
  };
  const changesOf = (port: string) =>
    [5, 6].map((vid) => ({ action: 'add', port, ...vidRange(vid), pvid: false, untagged: false }) as const);

  // The kernel looks for a module of the name, a process each time.
  test.each([
    ['before its name was looked up', 'Cannot find bridge device "PORT"'],
    ['after that', 'RTNETLINK answers: No such device'],
  ])('%s: it is tried once, and all of its changes failed; those of the others are made', async (_, noDevice) => {
    const { bridges, tried } = withPorts(['vnet1', 'vnet3'], '', noDevice);
    const changes = ['vnet1', 'vnet2', 'vnet3', 'vnet2', 'vnet4'].flatMap(changesOf);
    const { failures, vlans } = await bridges.change(changes, { ports: [], fdb: [] });
    expect(tried.filter((line) => /vnet[24]/.test(line))).toEqual(['vlan add vid 5 dev vnet2']);
    const gone = 'no such device';
    expect(changes.map((change) => failures.get(change))).toEqual([
      ...[undefined, undefined, noDevice.replace('PORT', 'vnet2'), gone],
      ...[undefined, undefined, gone, gone, gone, gone],
    ]);
    expect(tried.filter((line) => /vnet[13]/.test(line))).toEqual(
      ['vnet1', 'vnet3'].flatMap((port) => [`vlan add vid 5 dev ${port}`, `vlan add vid 6 dev ${port}`]),
    );
    expect(vlans.ok).toBe(true);
  });
  test('a change that is refused keeps no other from being made', async () => {
    const { bridges, tried } = withPorts(['vnet1', 'vnet2'], 'vlan add vid 5 dev vnet1');
    const changes = ['vnet1', 'vnet2'].flatMap(changesOf);
    const { failures } = await bridges.change(changes, { ports: [], fdb: [] });
    expect([...failures]).toEqual([[changes[0], 'RTNETLINK answers: Operation not permitted']]);
    expect(tried.filter((line) => line !== 'vlan show')).toHaveLength(4);
  });
});

describe('an answer in doubt is asked for once more', () => {
  const PORT = '[{"ifname":"vnet1","vlans":[{"vlan":5}]}]';
  const NUMBERED = '[{"ifname":"if57","vlans":[{"vlan":5}]}]';
  /** A host whose `bridge` answers so, one answer after another; br0 has these ports. */
  const answering = (ports: readonly string[], answers: readonly string[]) => {
    const sysfs = ports.flatMap((port) => [`br0/brif/${port}`, `${port}/address`]);
    const host = memoryHost(Object.fromEntries(sysfs.map((path) => [`/sys/class/net/${path}`, ''])));
    const left = [...answers];
    const stdout = () => left.shift() ?? 'asked too often';
    const run = async () => ({ stdout: stdout(), stderr: '', exitCode: 0, problem: undefined });
    return { bridges: createIproute2({ ...host, run }), left };
  };
  const read = async (ports: readonly string[], ...answers: readonly string[]) => {
    const { bridges, left } = answering(ports, answers);
    const { vlans } = await bridges.read(['br0']);
    return { reading: vlans.ok ? [...vlans.value.keys()] : vlans.error, left: left.length };
  };

  test('no row at all though there are ports', async () => {
    expect(await read(['vnet1'], '[]', PORT)).toEqual({ reading: ['vnet1'], left: 0 });
  });
  test('no row twice is believed: so is a host whose ports have no VLAN', async () => {
    expect(await read(['vnet1'], '[]', '[]')).toEqual({ reading: [], left: 0 });
  });
  test('no row where there is no port is no doubt', async () => {
    expect(await read([], '[]', PORT)).toEqual({ reading: [], left: 1 });
  });
  test('a port that is named by its number', async () => {
    expect(await read(['vnet1'], NUMBERED, PORT)).toEqual({ reading: ['vnet1'], left: 0 });
  });
  test('a port that is named by its number twice is an error', async () => {
    const error = 'bridge vlan show: calls a port if57, which has another name';
    expect(await read(['vnet1'], NUMBERED, NUMBERED)).toEqual({ reading: error, left: 0 });
  });
  const TORN =
    '[{"ifname":"vnet1","vlans":[{"vlan":5,"flags":["PVID"]}]},{"ifname":"vnet1","vlans":[{"vlan":6,"flags":["PVID"]}]}]';
  test('a port with two PVIDs, as none can have: it was listed twice, and changed in between', async () => {
    expect(await read(['vnet1'], TORN, PORT)).toEqual({ reading: ['vnet1'], left: 0 });
  });
  test('a port with two PVIDs twice is an error', async () => {
    const error = 'bridge vlan show: gives vnet1 two PVIDs';
    expect(await read(['vnet1'], TORN, TORN)).toEqual({ reading: error, left: 0 });
  });
  test('a port whose name is if57 is no doubt', async () => {
    expect(await read(['if57'], NUMBERED, PORT)).toEqual({ reading: ['if57'], left: 1 });
  });
  test('the dump at the end of a batch counts as the first answer', async () => {
    const { bridges, left } = answering(['vnet1'], ['[]', PORT]);
    const change = { action: 'add', port: 'vnet1', ...vidRange(5), pvid: false, untagged: false } as const;
    const { vlans } = await bridges.change([change], { ports: ['br0'], fdb: [] });
    expect([vlans.ok && vlans.value.size, left.length]).toEqual([1, 0]);
  });
});
