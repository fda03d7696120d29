// A bug report replayed: `snapshot` on the host that has the problem, `--from` anywhere else.
import { expect, test } from 'vitest';
import { runCheck } from '../../src/cli/check.ts';
import { runConfigInfer } from '../../src/cli/config.ts';
import { runPlan } from '../../src/cli/plan.ts';
import { createProgram } from '../../src/cli/program.ts';
import { runSnapshot } from '../../src/cli/snapshot.ts';
import { ConfigError } from '../../src/config/problem.ts';
import { createSimHost, type SimHost } from '../../src/host/sim/host.ts';
import type { Domain, Snapshot } from '../../src/model/snapshot.ts';
import { parseTable } from '../../src/model/vlan.ts';
import { parseSnapshot, renderSnapshot } from '../../src/report/snapshot-json.ts';
import { onPrograms, type ProgramsHost } from '../support/on-programs.ts';
import { outputOf } from '../support/output.ts';

const FILE = '/etc/libvirt-vlan-exporter/config.yml';
const FROM = '/tmp/report.json';
const CONFIG = `bridges:
  br0:
    vlans: [10, 20]
    pvid: 1
    rules:
      - { name: a, domains: [vyos-01], pvid: 100 }
`;
const FILES = { 'config.file': FILE, from: FROM };

/** VMs that are compliant, drifted and stopped, one with a name that is no Latin, and a file that cannot be understood. */
function sick(): SimHost {
  const sim = createSimHost({ now: () => 1_700_000_000_000 });
  sim.addBridge('br0');
  sim.writeFile(FILE, CONFIG);
  for (const [i, name] of ['vyos-01', 'web', '防火墙'].entries()) {
    const uuid = `00000000-0000-0000-0000-00000000000${i}`;
    sim.start({ name, uuid, interfaces: [{ mac: `52:54:00:00:00:0${i}`, bridge: 'br0' }] });
  }
  for (const tap of sim.taps('web')) sim.setTable(tap, parseTable('1* 10 20'));
  sim.define({ name: 'off', uuid: '00000000-0000-0000-0000-000000000009', interfaces: [] });
  sim.writeFile('/run/libvirt/qemu/bad.xml', '<domstatus');
  return sim;
}

/** A host of another kind altogether, that has the report and the config it was made with. */
async function elsewhere(sim: SimHost): Promise<ProgramsHost> {
  const other = onPrograms(createSimHost({ now: () => 1_800_000_000_000 }));
  other.addBridge('br-other');
  other.writeFile(FILE, CONFIG);
  other.writeFile(FROM, (await outputOf(() => runSnapshot(sim, FILES))).out);
  return other;
}

test.each([
  [[], 'table'],
  [[], 'json'],
  [['vyos-01'], 'table'],
  [['web', '防火墙'], 'json'],
  [['off'], 'table'],
  [['nobody'], 'table'],
] as const)(
  'check %j --format %s says of a report what it said on its host, byte for byte, but for where to look further',
  async (domains, format) => {
    const sim = sick();
    const there = await outputOf(() => runCheck(sim, domains, { 'config.file': FILE, format }));
    const other = await elsewhere(sim);
    const here = await outputOf(() => runCheck(other, domains, { ...FILES, format }));
    const out = there.out.replace('libvirt-vlan-exporter plan', `libvirt-vlan-exporter plan --from ${FROM}`);
    expect(here).toEqual({ ...there, out });
    expect(other.commands).toEqual([]);
  },
);

test('check names the plan of the same report and the same config, as a shell takes it', async () => {
  const other = await elsewhere(sick());
  const [file, from] = ["/tmp/it's.yml", '/tmp/a b.json'];
  other.writeFile(file, CONFIG);
  other.writeFile(from, other.readText(FROM));
  const hint = async (options: { 'config.file': string; from?: string }) =>
    (await outputOf(() => runCheck(other, [], { format: 'table', ...options }))).out.trim().split('\n').at(-1);
  expect(await hint({ 'config.file': file, from })).toBe(
    "What would heal it: libvirt-vlan-exporter plan --config.file '/tmp/it'\\''s.yml' --from '/tmp/a b.json'",
  );
});

test('plan --from has the same commands, and says first that they are not for this host', async () => {
  const sim = sick();
  const there = await outputOf(() => runPlan(sim, [], { 'config.file': FILE, format: 'text' }));
  const other = await elsewhere(sim);
  const here = await outputOf(() => runPlan(other, [], { ...FILES, format: 'text' }));
  expect(there.out).toContain('\nbridge vlan add vid 100 dev vnet0 pvid untagged');
  expect(here).toEqual({ ...there, out: `# of ${FROM}, not of this host\n${there.out}` });
});

test('config infer --from proposes what it would propose on the host of the report', async () => {
  const sim = sick();
  sim.removeFile('/run/libvirt/qemu/bad.xml');
  const there = await outputOf(() => runConfigInfer(sim));
  expect(there.out).toContain('bridges:\n  br0:\n');
  const other = await elsewhere(sim);
  expect(await outputOf(() => runConfigInfer(other, { from: FROM }))).toEqual(there);
});

test.each<[string, (of: Snapshot) => Snapshot, string]>([
  ['links', (of) => ({ ...of, links: { ok: false, error: 'netlink: EPERM' } }), 'netlink: EPERM'],
  ['vlans', (of) => ({ ...of, vlans: { ok: false, error: 'netlink: EPERM' } }), 'netlink: EPERM'],
  ['domains', (of) => ({ ...of, domains: { ok: false, error: 'no such folder' } }), 'no such folder'],
  ['domains, in colour,', (of) => ({ ...of, domains: { ok: false, error: '\u001b[31mno' } }), '\\x1b[31mno'],
  [
    'whether a bridge filters',
    (of) => ({
      ...of,
      links: of.links.ok
        ? { ok: true, value: of.links.value.map((bridge) => ({ ...bridge, vlanFiltering: undefined })) }
        : of.links,
    }),
    'br0: whether it filters VLANs could not be read',
  ],
])(
  'where %s could not be read, config infer says that, and not that there is nothing to learn from',
  async (_, as, why) => {
    const sim = sick();
    sim.removeFile('/run/libvirt/qemu/bad.xml');
    const { out } = await outputOf(() => runSnapshot(sim, FILES));
    sim.writeFile(FROM, renderSnapshot(as(parseSnapshot(out, FROM))));
    expect(await outputOf(() => runConfigInfer(sim, { from: FROM }))).toEqual({
      status: 2,
      out: '',
      err: `libvirt-vlan-exporter: left out: ${why}\n`,
    });
  },
);

test('a report has all bridges of its host, also of one that watches none yet', async () => {
  const sim = sick();
  sim.addBridge('br1');
  const uuid = '00000000-0000-0000-0000-000000000005';
  sim.start({ name: 'db', uuid, interfaces: [{ mac: '52:54:00:00:00:05', bridge: 'br1' }] });
  sim.removeFile('/run/libvirt/qemu/bad.xml');
  sim.writeFile(FILE, 'bridges: {}\n');
  const other = await elsewhere(sim);
  const there = await outputOf(() => runConfigInfer(sim));
  expect(await outputOf(() => runConfigInfer(other, { from: FROM }))).toEqual(there);
  sim.writeFile(FILE, CONFIG);
  const judged = await outputOf(() => runCheck(sim, [], { 'config.file': FILE, format: 'json' }));
  expect((await outputOf(() => runCheck(other, [], { ...FILES, format: 'json' }))).out).toBe(judged.out);
});

test.each([
  ['missing', undefined, `${FILE}: no such file`],
  ['broken', 'bridges: 1\n', `${FILE}:1:10: bridges: expected a mapping`],
])('a report can be made where the config is %s: that is told, and all was read', async (_, config, problem) => {
  const sim = sick();
  sim.removeFile('/run/libvirt/qemu/bad.xml');
  const whole = await outputOf(() => runSnapshot(sim, FILES));
  sim.removeFile(FILE);
  if (config !== undefined) sim.writeFile(FILE, config);
  const { status, out, err } = await outputOf(() => runSnapshot(sim, FILES));
  expect([whole.err, status, JSON.parse(out).links]).toEqual(['', 0, JSON.parse(whole.out).links]);
  expect(err).toMatch(/^libvirt-vlan-exporter: there is no valid config here, which a snapshot does not need: /);
  expect(err).toContain(problem);
});

test('where it cannot be told which bridges there are, the report says so, and it is 2', async () => {
  const sim = sick();
  sim.removeFile('/run/libvirt/qemu/bad.xml');
  const list = () => {
    throw new Error('no sysfs');
  };
  const { status, out, err } = await outputOf(() => runSnapshot({ ...sim, bridges: { ...sim.bridges, list } }, FILES));
  expect([status, err, JSON.parse(out).links]).toEqual([
    2,
    'libvirt-vlan-exporter: no sysfs\n',
    { ok: false, error: 'no sysfs' },
  ]);
});

test('a domain that could not be read is told by its file, and it is 2; the report is made', async () => {
  const { status, out, err } = await outputOf(() => runSnapshot(sick(), FILES));
  const { problem } = JSON.parse(out).domains.value.find(({ name }: Domain) => name === 'bad');
  expect(problem).toMatch(/^\/run\/libvirt\/qemu\/bad\.xml: /);
  expect([status, err]).toEqual([2, `libvirt-vlan-exporter: ${problem}\n`]);
});

test('an FDB that could not be read is told, and it is 2', async () => {
  const sim = sick();
  sim.removeFile('/run/libvirt/qemu/bad.xml');
  const nic = { mac: '52:54:00:00:00:05', bridge: 'br0', macTable: 'libvirt' } as const;
  sim.start({ name: 'kept', uuid: '00000000-0000-0000-0000-000000000005', interfaces: [nic] });
  const fdb = async () => ({ ok: false, error: 'no FDB' }) as const;
  const { status, out, err } = await outputOf(() => runSnapshot({ ...sim, bridges: { ...sim.bridges, fdb } }, FILES));
  expect([status, err, JSON.parse(out).fdb]).toEqual([
    2,
    'libvirt-vlan-exporter: no FDB\n',
    { ok: false, error: 'no FDB' },
  ]);
});

const ETHERNET = "<interface type='ethernet'><mac address='52:54:00:00:00:07'/><target dev='tapx'/></interface>";

test('a bridge that is not watched counts on its host as it does replayed: a tap there is a port of it', async () => {
  const sim = sick();
  sim.addBridge('br1');
  sim.kernel.setMaster(sim.taps('web')[0] ?? '', 'br1');
  sim.kernel.addLink('tapx', 'tap', 'fe:54:00:00:00:07');
  sim.kernel.setMaster('tapx', 'br1');
  sim.writeFile(
    '/run/libvirt/qemu/eth.xml',
    `<domstatus><domain><name>eth</name><devices>${ETHERNET}</devices></domain></domstatus>`,
  );
  const other = await elsewhere(sim);
  for (const domains of [[], ['web'], ['eth']])
    for (const format of ['table', 'json'] as const) {
      const there = await outputOf(() => runCheck(sim, domains, { 'config.file': FILE, format }));
      const here = await outputOf(() => runCheck(other, domains, { ...FILES, format }));
      const out = there.out.replace('libvirt-vlan-exporter plan', `libvirt-vlan-exporter plan --from ${FROM}`);
      expect(here).toEqual({ ...there, out });
    }
  const live = async (name: string) =>
    (await outputOf(() => runCheck(sim, [name], { 'config.file': FILE, format: 'table' }))).out;
  expect(await live('web')).toContain('vnet1 is a port of br1');
  expect(await live('eth')).toMatch(/^eth has no interface on br0, only: ethernet\.\n\nNo vnets\.\n$/);
  const planned = await outputOf(() => runPlan(sim, [], { 'config.file': FILE, format: 'json' }));
  expect(await outputOf(() => runPlan(other, [], { ...FILES, format: 'json' }))).toEqual(planned);
});

test.each<[string, string, string]>([
  ['no file', '', 'no such file; expected one that "snapshot" printed'],
  ['a config file', CONFIG, 'expected JSON, as "snapshot" prints it'],
  ['the output of check --format json', '{"version": 2, "vnets": []}', 'version: expected 1, found 2'],
])('of %s it is said what is wrong with it, and nothing is judged', async (_, text, problem) => {
  const host = createSimHost();
  host.writeFile(FILE, CONFIG);
  if (text !== '') host.writeFile(FROM, text);
  const runs = [
    runCheck(host, [], { ...FILES, format: 'table' }),
    runPlan(host, [], { ...FILES, format: 'text' }),
    runConfigInfer(host, FILES),
  ];
  for (const run of runs) {
    const error = await run.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as Error).message).toContain(`${FROM}: ${problem}`);
  }
});

test('what looks takes --from, what changes the host does not', () => {
  const takers = createProgram()
    .commands.flatMap((command) => [command, ...command.commands])
    .filter((command) => command.options.some((option) => option.long === '--from'))
    .map((command) => command.name());
  expect(takers).toEqual(['check', 'plan', 'infer']);
});
