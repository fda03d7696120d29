import { describe, expect, test } from 'vitest';
import { createIproute2 } from '../../../../src/host/linux/iproute2/bridges.ts';
import { parseVlanShow } from '../../../../src/host/linux/iproute2/text.ts';
import type { Processes, RunResult } from '../../../../src/host/linux/processes.ts';
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
  test.each(['1', 'null', '{"ifname":7,"vlans":[]}', '{"ifname":"a"}', '{"ifname":"a","vlans":7}'])(
    'a port that is %s',
    (port) => {
      expect(() => parseVlanShow(`[${port}]`)).toThrow(new Error(`not a port: ${port}`));
    },
  );
  test.each([0, 4095, -1, 1.5])('VLAN id %d', (vlan) => {
    expect(() => parseVlanShow(JSON.stringify([{ ifname: 'a', vlans: [{ vlan }] }]))).toThrow(/not a VLAN/);
  });
  test.each(['null', '{}', '{"vlan":5,"vlanEnd":4}', '{"vlan":5,"vlanEnd":"6"}', '{"vlan":5,"flags":"PVID"}'])(
    'a row that is %s',
    (row) => {
      expect(() => parseVlanShow(`[{"ifname":"a","vlans":[${row}]}]`)).toThrow(new Error(`not a VLAN: ${row}`));
    },
  );
  test('and is quoted in a few words', () => {
    const long = { ifname: 7, vlans: 'x'.repeat(1000) };
    expect(() => parseVlanShow(JSON.stringify([long]))).toThrow(
      new Error(`not a port: {"ifname":7,"vlans":"${'x'.repeat(99)}`),
    );
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
  test('a port that comes while the VLANs are read is not there yet: it would be one without any', async () => {
    const host = memoryHost({ '/sys/class/net/br0/brif/vnet1': '', '/sys/class/net/vnet1/address': '' });
    const run = async () => {
      for (const path of ['br0/brif/vnet2', 'vnet2/address']) host.files.set(`/sys/class/net/${path}`, { text: '' });
      return { stdout: PORT, stderr: '', exitCode: 0, problem: undefined };
    };
    const { links } = await createIproute2({ ...host, run }).read(['br0']);
    expect(links.ok && links.value.map(({ ports }) => ports.map(({ name }) => name))).toEqual([['vnet1']]);
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
  test('a port that was changed has no row', async () => {
    const OTHER = '[{"ifname":"vnet2","vlans":[{"vlan":5}]}]';
    const add = (port: string) => ({ action: 'add', port, ...vidRange(5), pvid: false, untagged: false }) as const;
    const { bridges, left } = answering(['vnet1', 'vnet2'], [OTHER, PORT]);
    const { vlans } = await bridges.change([add('vnet1'), add('vnet2')], { ports: ['br0'], fdb: [] });
    expect([vlans.ok && [...vlans.value.keys()], left.length]).toEqual([['vnet1'], 0]);
    const gone = answering(['vnet2'], [OTHER, PORT]);
    await gone.bridges.change([add('vnet1'), add('vnet2')], { ports: ['br0'], fdb: [] });
    expect(gone.left).toEqual([PORT]);
  });
  test('a dump that iproute2 calls inconsistent, with status 0, is read again, also at the end of a batch', async () => {
    const disturbed = { stdout: '[]', stderr: 'Dump was interrupted and may be inconsistent.\n' };
    const asked: string[] = [];
    const run: Processes['run'] = async (_, args) => {
      asked.push(args.at(-1) ?? '');
      const answer = asked.length < 3 ? disturbed : { stdout: PORT, stderr: '' };
      return { ...answer, exitCode: 0, problem: undefined };
    };
    const change = { action: 'add', port: 'vnet1', ...vidRange(5), pvid: false, untagged: false } as const;
    const host = memoryHost({ '/sys/class/net/br0/brif/vnet1': '', '/sys/class/net/vnet1/address': '' });
    const { vlans } = await createIproute2({ ...host, run }).change([change], { ports: ['br0'], fdb: [] });
    expect([asked, vlans.ok && vlans.value.size]).toEqual([['-', 'show', 'show'], 1]);
  });
  test('one that is disturbed each time is an error, and no table', async () => {
    let asked = 0;
    const run: Processes['run'] = async () => {
      asked++;
      return {
        stdout: PORT,
        stderr: 'Dump was interrupted and may be inconsistent.\n',
        exitCode: 0,
        problem: undefined,
      };
    };
    const { vlans } = await createIproute2({ ...memoryHost(), run }).read(['br0']);
    expect([asked, vlans]).toEqual([
      4,
      { ok: false, error: 'bridge -j -compressvlans vlan show: 4 times, links changed meanwhile' },
    ]);
  });
  test('a port that had rows when it was last read has none', async () => {
    const OTHER = '[{"ifname":"vnet2","vlans":[{"vlan":5}]}]';
    const BOTH = `[${PORT.slice(1, -1)},${OTHER.slice(1, -1)}]`;
    const { bridges, left } = answering(['vnet1', 'vnet2'], [BOTH, OTHER, BOTH, OTHER, OTHER, OTHER]);
    for (const rows of [2, 2, 1, 1]) {
      const { vlans } = await bridges.read(['br0']);
      expect(vlans.ok && vlans.value.size).toBe(rows);
    }
    expect(left).toEqual([]);
  });
  test('a port that has none when it is read for the first time, as in a program that reads once; then it may have none', async () => {
    const OTHER = '[{"ifname":"vnet2","vlans":[{"vlan":5}]}]';
    const BOTH = `[${PORT.slice(1, -1)},${OTHER.slice(1, -1)}]`;
    expect(await read(['vnet1', 'vnet2'], OTHER, BOTH)).toEqual({ reading: ['vnet1', 'vnet2'], left: 0 });
    const { bridges, left } = answering(['vnet1', 'vnet2'], [OTHER, OTHER, OTHER]);
    await bridges.read(['br0']);
    await bridges.read(['br0']);
    expect(left).toEqual([]);
  });
  test('the dump at the end of a batch counts as the first answer', async () => {
    const { bridges, left } = answering(['vnet1'], ['[]', PORT]);
    const change = { action: 'add', port: 'vnet1', ...vidRange(5), pvid: false, untagged: false } as const;
    const { vlans } = await bridges.change([change], { ports: ['br0'], fdb: [] });
    expect([vlans.ok && vlans.value.size, left.length]).toEqual([1, 0]);
  });
});

describe('what bridge is given to do', () => {
  type Ran = { readonly line: string; readonly input: string | undefined; readonly timeoutMs: number };
  /** A host of br0 and these ports, whose `bridge` answers to a line as told. */
  const host = (answerTo: (ran: Ran) => Partial<RunResult>, ports: readonly string[] = ['vnet1']) => {
    const ran: Ran[] = [];
    const sysfs = ['br0/bridge/x', ...ports.flatMap((port) => [`br0/brif/${port}`, `${port}/address`])];
    const run: Processes['run'] = async (command, args, { input, timeoutMs }) => {
      const asked = { line: [command, ...args].join(' '), input, timeoutMs };
      ran.push(asked);
      return { stdout: '', stderr: '', exitCode: 0, problem: undefined, ...answerTo(asked) };
    };
    const files = Object.fromEntries(sysfs.map((path) => [`/sys/class/net/${path}`, '']));
    return { bridges: createIproute2({ ...memoryHost(files), run }), ran };
  };
  const add = (port: string, vid = 5) =>
    ({ action: 'add', port, ...vidRange(vid), pvid: false, untagged: false }) as const;
  const BATCH = 'bridge -j -compressvlans -batch -';
  const SHOW = 'bridge -j -compressvlans vlan show';
  const DUMP = { stdout: '[{"ifname":"vnet1","vlans":[{"vlan":5}]}]' };
  const failed = (stderr: string) => ({ stderr, exitCode: 1, problem: 'exit 1' });
  const OF_BR0 = { ports: ['br0'], fdb: [] };

  test('a batch with the dump at its end, and nothing more; the more changes, the more time', async () => {
    const { bridges, ran } = host(() => DUMP);
    const made = await bridges.change([add('vnet1', 5), add('vnet1', 6)], OF_BR0);
    expect(made).toMatchObject({ failures: new Map(), vlans: { ok: true }, fdb: undefined });
    expect(made.ports).toEqual({ ok: true, value: new Map([['br0', new Set(['vnet1'])]]) });
    const input = 'vlan add vid 5 dev vnet1\nvlan add vid 6 dev vnet1\nvlan show\n';
    expect(ran).toEqual([{ line: BATCH, input, timeoutMs: 10_008 }]);
  });

  test('nothing to change: the tables are read', async () => {
    const { bridges, ran } = host(() => DUMP);
    expect((await bridges.change([], OF_BR0)).vlans.ok).toBe(true);
    expect(ran.map(({ line }) => line)).toEqual([SHOW]);
  });

  test('a port whose name no batch can hold is changed alone, and what is said of it is told', async () => {
    const says = (stderr: string) => host(({ line }) => (line.includes('#') ? failed(stderr) : DUMP));
    const changes = [add('a#b'), add('vnet1')];
    const { bridges, ran } = says(' No such device \n');
    expect([...(await bridges.change(changes, OF_BR0)).failures]).toEqual([[changes[0], 'No such device']]);
    expect(ran.map(({ line, timeoutMs }) => [line, timeoutMs])).toEqual([
      ['bridge vlan add vid 5 dev a#b', 10_004],
      [BATCH, 10_004],
    ]);
    expect([...(await says('').bridges.change(changes, OF_BR0)).failures]).toEqual([[changes[0], 'exit 1']]);
  });

  test.each([
    ['that is killed', { exitCode: undefined, problem: 'timed out' }],
    ['that fails and does not say where', failed('Cannot open "-"')],
  ])('a batch %s has failed as a whole, and the tables are read', async (_, how) => {
    const { bridges, ran } = host(({ line }) => (line === BATCH ? how : DUMP));
    const changes = [add('vnet1', 5), add('vnet1', 6)];
    const { failures, vlans } = await bridges.change(changes, OF_BR0);
    expect(changes.map((change) => failures.get(change))).toEqual([how.problem, how.problem]);
    expect([vlans.ok, ran.at(-1)?.line]).toEqual([true, SHOW]);
  });

  test('a dump at the end of a batch that is not understood is none', async () => {
    const { bridges, ran } = host(({ line }) => (line === BATCH ? { stdout: '{' } : DUMP));
    const { failures, vlans } = await bridges.change([add('vnet1')], OF_BR0);
    expect([failures.size, vlans.ok, ran.length]).toEqual([0, true, 2]);
  });

  test('a line that fails for another reason than its port ends a batch, and the rest goes on past errors', async () => {
    const { bridges, ran } = host(({ line }) => {
      if (line === BATCH) return failed('No\nCommand failed -:1\n');
      return line === SHOW ? DUMP : failed('a\nb\nCommand failed -:1\nCommand failed -:3\nCommand failed -:9\n');
    });
    const changes = [4, 5, 6, 7].map((vid) => add('vnet1', vid));
    const { failures } = await bridges.change(changes, OF_BR0);
    expect(changes.map((change) => failures.get(change))).toEqual(['No', 'a b', undefined, 'failed']);
    expect(ran.map(({ line }) => line)).toEqual([BATCH, 'bridge -j -compressvlans -force -batch -', SHOW]);
  });

  test('FDB entries are read of the ports that are asked for, a process for each bridge that is there', async () => {
    const entry = (ifname: string) => ({ mac: '52:54:00:00:00:01', ifname, vlan: 10, state: 'static' });
    const { bridges, ran } = host(() => ({ stdout: JSON.stringify(['vnet1', 'vnet2', 'vnet3'].map(entry)) }));
    const ports = ['vnet1', 'vnet3'].map((port) => ({ bridge: 'br0', port }));
    const read = await bridges.fdb([...ports, { bridge: 'br9', port: 'vnet4' }]);
    expect(read.ok && [...read.value.keys()]).toEqual(['vnet1', 'vnet3']);
    expect(ran.map(({ line, timeoutMs }) => [line, timeoutMs])).toEqual([['bridge -j fdb show br br0', 10_000]]);
  });

  test('an FDB that cannot be read is a problem, also after changes', async () => {
    const { bridges } = host(({ line }) => (line.includes('fdb') ? failed('') : DUMP));
    const fdb = [{ bridge: 'br0', port: 'vnet1' }];
    expect((await bridges.change([], { ports: [], fdb })).fdb).toEqual({ ok: false, error: 'exit 1' });
  });

  test('how long the readers took is told', async () => {
    let now = 0;
    const files = memoryHost({ '/sys/class/net/br0/brif/vnet1': '' });
    const bridges = createIproute2({
      ...files,
      monotonic: () => now,
      list: (path) => {
        now += 3;
        return files.list(path);
      },
      run: async () => {
        await undefined;
        now += 4;
        return { stdout: DUMP.stdout, stderr: '', exitCode: 0, problem: undefined };
      },
    });
    expect((await bridges.read(['br0'])).collectors).toEqual([
      { collector: 'links', ok: true, durationMs: 3 },
      { collector: 'vlans', ok: true, durationMs: 4 },
    ]);
  });

  test('news of links come from ip monitor link', () => {
    const followed: string[] = [];
    const bridges = createIproute2({
      ...memoryHost(),
      follow: (command, args) => {
        followed.push([command, ...args].join(' '));
        return { stop: () => undefined };
      },
    });
    bridges.watch(
      () => undefined,
      () => undefined,
    );
    expect([followed, bridges.via()]).toEqual([['ip monitor link'], 'iproute2']);
  });
});
