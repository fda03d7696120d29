import { expect, test } from 'vitest';
import type { Host } from '../../src/host/host.ts';
import { createIproute2 } from '../../src/host/linux/iproute2/bridges.ts';
import type { Processes, RunResult } from '../../src/host/linux/processes.ts';
import { createSimHost } from '../../src/host/sim/host.ts';
import { readSnapshot } from '../../src/host/snapshot.ts';
import { bridgeArgs } from '../../src/model/bridge-command.ts';
import type { VlanChange, VnetPlan } from '../../src/model/plan.ts';
import { formatTable, type VlanTable } from '../../src/model/vlan.ts';
import { evaluate } from '../../src/policy/evaluate.ts';
import { configure } from '../../src/remediation/configure.ts';
import { plan as plans, vnetPlan } from '../../src/remediation/plan.ts';
import { onPrograms } from '../support/on-programs.ts';
import { bridgePolicy, policy, table } from '../support/policy.ts';
import { applyChange } from './port-model.ts';

const OK: RunResult = { stdout: '', stderr: '', exitCode: 0, problem: undefined };

/** A host of one bridge whose `bridge` can be made to fail: `fails(args)` gives what it says, as the kernel would. */
function createBridge(ports: Map<string, VlanTable>, fails: (args: string) => string | undefined = () => undefined) {
  const calls: string[][] = [];
  const change = (args: readonly string[]): string | undefined => {
    const port = args[5] ?? '';
    const said = fails(args.join(' ')) ?? (ports.has(port) ? undefined : `Cannot find device "${port}"`);
    if (said === undefined) ports.set(port, applyChange(ports.get(port) ?? [], toChange(args)));
    return said;
  };
  const show = () =>
    JSON.stringify(
      [...ports].map(([ifname, rows]) => ({
        ifname,
        vlans: rows.map((r) => ({
          vlan: r.first,
          vlanEnd: r.last,
          flags: [...(r.pvid ? ['PVID'] : []), ...(r.untagged ? ['Egress Untagged'] : [])],
        })),
      })),
    );
  const machine = {
    monotonic: () => 1000,
    list: () => [...ports.keys()],
    readText: () => '1\n',
    stat: (path: string) => (ports.has(path.split('/').at(-1) ?? '') ? {} : undefined),
    run: async (_command: string, args: readonly string[], options: { input?: string }): Promise<RunResult> => {
      calls.push([...args]);
      if (args.includes('show')) return { ...OK, stdout: show() };
      if (!args.includes('-batch')) {
        const said = change(args);
        return said === undefined ? OK : { ...OK, stderr: said, exitCode: 2, problem: `bridge: exit 2: ${said}` };
      }
      const lines = (options.input ?? '').trimEnd().split('\n');
      let [stdout, stderr] = ['', ''];
      for (const [i, line] of lines.entries()) {
        const said = line === 'vlan show' ? undefined : change(line.split(' '));
        if (line === 'vlan show') stdout = show();
        if (said !== undefined) stderr += `${said}\nCommand failed -:${i + 1}\n`;
        if (said !== undefined && !args.includes('-force')) break;
      }
      return stderr === '' ? { ...OK, stdout } : { stdout, stderr, exitCode: 1, problem: 'bridge: exit 1' };
    },
  };
  return { ...onMachine(machine), calls, ports };
}

/** A host whose bridges are asked by iproute2 on this machine. */
function onMachine(part: object) {
  const machine = part as unknown as Host & Processes;
  return { machine, host: { monotonic: machine.monotonic, bridges: createIproute2(machine) } };
}

function toChange(args: readonly string[]): VlanChange {
  const [first = 0, last = first] = (args[3] ?? '').split('-').map(Number);
  return {
    action: args[1] === 'add' ? 'add' : 'delete',
    port: args[5] ?? '',
    first: first as VlanChange['first'],
    last: last as VlanChange['first'],
    pvid: args.includes('pvid'),
    untagged: args.includes('untagged'),
  };
}

const plan = (vnet: string, before: string, after: string): VnetPlan =>
  vnetPlan({ bridge: 'br-mgmt', domain: `vm-${vnet}`, vnet, mac: '52:54:00:00:00:01' }, table(before), table(after));

const results = (outcomes: Awaited<ReturnType<typeof configure>>) => outcomes.map((o) => o.result);

test('the vnets of a cycle are changed and read back by one process', async () => {
  const b = createBridge(
    new Map([
      ['vnet1', table('1*')],
      ['vnet2', table('1*')],
    ]),
  );
  const outcomes = await configure(b.host, [plan('vnet1', '1*', '10 100*'), plan('vnet2', '1*', '10 100*')], 900);
  expect(results(outcomes)).toEqual(['verified', 'verified']);
  expect(outcomes[0]?.durationMs).toBe(100);
  expect(b.calls).toEqual([['-j', '-compressvlans', '-batch', '-']]);
});

test.each([
  ['without a word', { stdout: '', stderr: '', exitCode: 1, problem: 'bridge: exit 1' }],
  [
    'by a signal, half of the dump written',
    { stdout: '[{"ifname":"vn', stderr: '', exitCode: undefined, problem: 'killed' },
  ],
  ['with half of the dump written', { stdout: '[{"ifname":"vn', stderr: '', exitCode: 1, problem: 'bridge: exit 1' }],
])('where the batch ended %s, a process of its own reads back', async (_, ended) => {
  const b = createBridge(new Map([['vnet1', table('1*')]]));
  const { host } = onMachine({
    ...b.machine,
    run: async (...[command, args, options]: Parameters<Processes['run']>) => {
      const result = await b.machine.run(command, args, options);
      return args.includes('-batch') ? ended : result;
    },
  });
  expect(results(await configure(host, [plan('vnet1', '1*', '10 100*')]))).toEqual(['verified']);
  expect(b.calls.at(-1)).toEqual(['-j', '-compressvlans', 'vlan', 'show']);
});

test('a failed line fails its vnet alone, and the outcome has the command and what bridge said', async () => {
  const b = createBridge(
    new Map([
      ['vnet1', table('1*')],
      ['vnet2', table('1*')],
    ]),
    (args) =>
      args.startsWith('vlan add vid 10 dev vnet1') ? 'RTNETLINK answers: No buffer space available' : undefined,
  );
  const outcomes = await configure(b.host, [plan('vnet1', '1*', '10 100*'), plan('vnet2', '1*', '10 100*')]);
  expect(results(outcomes)).toEqual(['failed', 'verified']);
  expect(outcomes[0]?.problem).toBe(
    'is 100*, should be 10 100*; bridge vlan add vid 10 dev vnet1: RTNETLINK answers: No buffer space available',
  );
});

test('a vnet that lost its PVID half-way is put back as it was', async () => {
  const b = createBridge(new Map([['vnet1', table('1* 10')]]), (args) =>
    args.includes('vid 100') ? 'RTNETLINK answers: Operation not permitted' : undefined,
  );
  const [outcome] = await configure(b.host, [plan('vnet1', '1* 10', '10 100*')]);
  expect(outcome?.result).toBe('reverted');
  expect(outcome?.problem).toContain('put back to 1* 10');
  expect(formatTable(b.ports.get('vnet1') ?? [])).toBe('1* 10');
});

test('a vnet that cannot be put back either has failed, and says so', async () => {
  const b = createBridge(new Map([['vnet1', table('1*')]]), (args) => (args.includes('vlan add') ? 'no' : undefined));
  const [outcome] = await configure(b.host, [plan('vnet1', '1*', '10 100*')]);
  expect(outcome?.result).toBe('failed');
  expect(outcome?.problem).toMatch(/; could not be put back to 1\*: is none, should be 1\*$/);
});

test('a port that is gone has vanished, whatever its commands said', async () => {
  const b = createBridge(new Map([['vnet2', table('1*')]]));
  expect(results(await configure(b.host, [plan('vnet1', '1*', '10 100*'), plan('vnet2', '1*', '100*')]))).toEqual([
    'vanished',
    'verified',
  ]);
});

test('a port name that a batch cannot hold goes by argument', async () => {
  const b = createBridge(new Map([['a#b', table('1*')]]));
  expect(results(await configure(b.host, [plan('a#b', '1*', '100*')]))).toEqual(['verified']);
  expect(b.calls[0]).toEqual(['vlan', 'add', 'vid', '100', 'dev', 'a#b', 'pvid', 'untagged']);
  expect(b.calls.flat()).not.toContain('-batch');
});

test('a state that somebody else made worse meanwhile is not rewound', async () => {
  const b = createBridge(new Map([['vnet1', table('1*')]]));
  const { host } = onMachine({
    ...b.machine,
    run: async (...[command, args, options]: Parameters<Processes['run']>) => {
      const result = await b.machine.run(command, args, options);
      if (!args.includes('-batch')) return result;
      b.ports.set('vnet1', []);
      return { ...result, stdout: '[]' };
    },
  });
  const [outcome] = await configure(host, [plan('vnet1', '1*', '10 100*')]);
  expect(outcome?.result).toBe('failed');
  expect(b.calls.filter((c) => c.includes('-batch'))).toHaveLength(1);
});

test('of another port that has the name now, where none of our changes came, nothing is put back', async () => {
  const b = createBridge(new Map([['vnet1', table('1*')]]), (args) =>
    args.includes('vid 20') ? 'No such device' : undefined,
  );
  const planned = plan('vnet1', '10 100*', '10 20 100*');
  const [outcome] = await configure(b.host, [planned]);
  expect(outcome).toMatchObject({ result: 'failed', actual: table('1*') });
  expect(outcome?.problem).toContain('No such device');
  expect(b.ports.get('vnet1')).toEqual(table('1*'));
});

test.each([
  ['missing', { stdout: '', stderr: '', exitCode: undefined, problem: 'bridge: no such program in PATH' }],
  ['hanging', { stdout: '', stderr: '', exitCode: undefined, problem: 'bridge: timed out' }],
])('a %s bridge fails every vnet and throws nothing', async (_, result) => {
  const { host } = onMachine({
    monotonic: () => 0,
    list: () => ['vnet1'],
    readText: () => '1\n',
    run: async () => result,
  });
  const [outcome] = await configure(host, [plan('vnet1', '1*', '100*')]);
  expect(outcome).toMatchObject({ result: 'failed', actual: undefined });
  expect(outcome?.problem).toContain(result.problem);
});

test('the changes of a plan are those that bridge is given', () => {
  expect(plan('vnet1', '1*', '100*').changes.map(bridgeArgs)).toEqual([
    ['vlan', 'add', 'vid', '100', 'dev', 'vnet1', 'pvid', 'untagged'],
    ['vlan', 'del', 'vid', '1', 'dev', 'vnet1'],
  ]);
});

test('a bridge that stopped filtering after the decision is not written to, and others are', async () => {
  const sim = onPrograms(createSimHost());
  for (const [bridge, port] of [
    ['br-mgmt', 'vnet1'],
    ['br-lan', 'vnet2'],
  ] as const) {
    sim.addBridge(bridge);
    sim.addUplink(port, bridge);
  }
  sim.kernel.setFiltering('br-mgmt', false);
  const outcomes = await configure(sim, [
    plan('vnet1', '1*', '100*'),
    { ...plan('vnet2', '1*', '100*'), bridge: 'br-lan' },
  ]);
  expect(outcomes).toMatchObject([
    {
      result: 'failed',
      problem: 'is 1*, should be 100*; not changed, since br-mgmt does not filter VLANs any more',
    },
    { result: 'verified' },
  ]);
  sim.forbid('/sys/class/net/br-lan/bridge/vlan_filtering');
  expect(await configure(sim, [{ ...plan('vnet2', '100*', '1*'), bridge: 'br-lan' }])).toMatchObject([
    { result: 'failed', problem: expect.stringContaining('br-lan cannot be asked whether it filters VLANs') },
  ]);
});

test('a dump after the batch that has no row at all puts nothing back before it is asked for again', async () => {
  const b = createBridge(new Map([['vnet1', table('1*')]]));
  let empty = 1;
  const { host } = onMachine({
    ...b.machine,
    run: async (...call: Parameters<Processes['run']>) => {
      const result = await b.machine.run(...call);
      return result.stdout !== '' && empty-- > 0 ? { ...result, stdout: '[]' } : result;
    },
  });
  expect(results(await configure(host, [plan('vnet1', '1*', '10 100*')]))).toEqual(['verified']);
});

test('where the bridge stops filtering during the changes, nothing is put back', async () => {
  let filters = '1\n';
  const b = createBridge(new Map([['vnet1', table('1* 10')]]), (args) => {
    if (!args.includes('vid 100')) return undefined;
    filters = '0\n';
    return 'RTNETLINK answers: Operation not permitted';
  });
  const { host } = onMachine({ ...b.machine, readText: () => filters });
  const [outcome] = await configure(host, [plan('vnet1', '1* 10', '10 100*')]);
  expect(outcome).toMatchObject({
    result: 'failed',
    problem: expect.stringMatching(/could not be put back to 1\* 10: .*br-mgmt does not filter VLANs any more/),
  });
  expect(formatTable(b.ports.get('vnet1') ?? [])).toBe('10');
});

test('where there is nothing to do, the host is not even asked', async () => {
  expect(await configure({ monotonic: () => 0 } as Parameters<typeof configure>[0], [])).toEqual([]);
});

test('what was half done is put back, rows that are new, too, and no other vnet is', async () => {
  let hours = 0;
  const b = createBridge(
    new Map([...['vnet1', 'vnet2'].map((vnet): [string, VlanTable] => [vnet, table('1*')])]),
    (args) => (args.includes('vid 100 dev vnet1') ? 'RTNETLINK answers: Operation not permitted' : undefined),
  );
  const host = { ...b.host, monotonic: () => ++hours };
  const outcomes = await configure(host, [plan('vnet1', '1*', '10 100*'), plan('vnet2', '1*', '10 100*')], 0);
  expect(outcomes).toMatchObject([
    {
      result: 'reverted',
      actual: table('1*'),
      durationMs: 3,
      problem:
        'is 10, should be 10 100*; bridge vlan add vid 100 dev vnet1 pvid untagged: RTNETLINK answers: Operation not permitted; put back to 1*',
    },
    { result: 'verified', actual: table('10 100*'), durationMs: 2 },
  ]);
  expect(['vnet1', 'vnet2'].map((vnet) => formatTable(b.ports.get(vnet) ?? []))).toEqual(['1*', '10 100*']);
});

test('a port that goes while it is put back has vanished', async () => {
  const b = createBridge(new Map([['vnet1', table('1*')]]), (args) => (args.includes('vid 100') ? 'no' : undefined));
  let changes = 0;
  const bridges: Host['bridges'] = {
    ...b.host.bridges,
    change: async (...call) => {
      const made = await b.host.bridges.change(...call);
      return changes++ === 0 ? made : { ...made, ports: { ok: true, value: new Map() } };
    },
  };
  expect(await configure({ ...b.host, bridges }, [plan('vnet1', '1*', '10 100*')])).toMatchObject([
    { result: 'vanished', actual: undefined },
  ]);
});

test('where no bridge can be asked whether it filters, nothing is written', async () => {
  const b = createBridge(new Map([['vnet1', table('1*')]]));
  const bridges: Host['bridges'] = { ...b.host.bridges, standing: () => ({ ok: false, error: 'no' }) };
  const [outcome] = await configure({ ...b.host, bridges }, [plan('vnet1', '1*', '100*')]);
  expect(outcome?.problem).toContain('not changed, since br-mgmt cannot be asked whether it filters VLANs');
  expect(formatTable(b.ports.get('vnet1') ?? [])).toBe('1*');
});

test('a port that went to another bridge after the decision is not written to: it would keep these VLANs there', async () => {
  const sim = onPrograms(createSimHost());
  for (const bridge of ['br-mgmt', 'br-lan']) sim.addBridge(bridge);
  for (const port of ['vnet1', 'vnet2']) sim.addUplink(port, 'br-mgmt');
  sim.kernel.setMaster('vnet1', undefined);
  sim.kernel.setMaster('vnet1', 'br-lan');
  const outcomes = await configure(sim, [plan('vnet1', '1*', '100*'), plan('vnet2', '1*', '100*')]);
  expect(outcomes.map(({ result }) => result)).toEqual(['vanished', 'verified']);
  const { vlans } = await sim.bridges.read([]);
  expect(vlans.ok && formatTable(vlans.value.get('vnet1') ?? [])).toBe('1*');
});

test('what is put back has the FDB entries that it had', async () => {
  const sim = onPrograms(createSimHost());
  sim.addBridge('br0');
  const mac = '52:54:00:00:00:01';
  sim.start({ name: 'web', uuid: 'u', interfaces: [{ mac, bridge: 'br0', type: 'network', macTable: 'libvirt' }] });
  const fdb = () => [...(sim.kernel.links.get('vnet0')?.fdb ?? [])];
  const before = fdb();
  const POLICY = policy(bridgePolicy({ vlans: [10], pvid: 100, unexpected: 'remove' }));
  const { vnets } = plans(evaluate(await readSnapshot(sim, POLICY), POLICY));
  const { changeVlans } = sim.kernel;
  sim.kernel.changeVlans = (request) =>
    request.first === 100 && request.action === 'add'
      ? 'RTNETLINK answers: Cannot allocate memory'
      : changeVlans(request);
  expect(results(await configure(sim, vnets))).toEqual(['reverted']);
  expect([before, fdb()]).toEqual([[`${mac} 1`], [`${mac} 1`]]);
});
