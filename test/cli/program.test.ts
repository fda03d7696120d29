// The command line as it is declared, and run in this process: which flags there are, what a bad word on it leads to.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { createProgram, runProgram } from '../../src/cli/program.ts';
import { parseSettings } from '../../src/config/load.ts';
import { createSimHost } from '../../src/host/sim/host.ts';
import { readSnapshot } from '../../src/host/snapshot.ts';
import { VERSION } from '../../src/model/version.ts';
import { parseTable } from '../../src/model/vlan.ts';
import { renderSnapshot } from '../../src/report/snapshot-json.ts';

afterEach(() => vi.restoreAllMocks());

const CONFIG = 'bridges: { br0: { vlans: [10], pvid: 1, rules: [{ name: a, domains: [web], pvid: 100 }] } }\n';

/** What a command prints, and its exit status; where it would end the process, this is its end. */
async function run(...args: readonly string[]) {
  const [out, err]: [string[], string[]] = [[], []];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => out.push(String(text)) > 0);
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => err.push(String(text)) > 0);
  let ended: unknown;
  vi.spyOn(process, 'exit').mockImplementation((status) => {
    ended ??= status;
    throw new Error('the end');
  });
  const before = process.exitCode;
  process.exitCode = 0;
  await runProgram(['node', 'libvirt-vlan-exporter', ...args]);
  const status = ended ?? process.exitCode;
  process.exitCode = before;
  vi.restoreAllMocks();
  return { status, out: out.join(''), err: err.join('') };
}

/** A folder with these files, by their names. */
function folder(files: Readonly<Record<string, string>>): (name: string) => string {
  const path = mkdtempSync(join(tmpdir(), 'vlan-cli-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return (name) => join(path, name);
}

async function snapshotOf(...vms: readonly string[]): Promise<string> {
  const host = createSimHost({ now: () => 0 });
  host.addBridge('br0');
  for (const name of vms) {
    const interfaces = [{ mac: '52:54:00:00:00:01', bridge: 'br0' }];
    host.start({ name, uuid: '00000000-0000-0000-0000-000000000001', interfaces });
    host.setTable('vnet0', parseTable('10 100*'));
  }
  return renderSnapshot(await readSnapshot(host, { bridges: [{ name: 'br0' }] }));
}

test('these are the commands, their flags and presets', () => {
  const declared = createProgram().commands.flatMap((command) =>
    (command.commands.length > 0 ? command.commands : [command]).flatMap((each) => {
      const words = [...(each === command ? [] : [command.name()]), each.name()];
      const args = each.registeredArguments.map((arg) => `[${arg.name()}${arg.variadic ? '...' : ''}]`);
      const options = each.options.map(({ flags, defaultValue, argChoices }) =>
        [`  ${flags}`, argChoices?.join('|'), defaultValue].filter((word) => word !== undefined).join(' '),
      );
      return [[...words, ...args].join(' '), ...options];
    }),
  );
  expect(declared.join('\n')).toMatchInlineSnapshot(`
    "serve
      --config.file <path> /etc/libvirt-vlan-exporter/config.yml
      --web.listen-address <address> :19177
      --web.config.file <path>
      --web.systemd-socket
      --web.telemetry-path <url-path> /metrics
      --web.max-requests <number> 40
      --web.enable-lifecycle
      --log.level <level> debug|info|warn|error info
      --log.format <format> logfmt|json logfmt
    check [domain...]
      --config.file <path> /etc/libvirt-vlan-exporter/config.yml
      --format <format> table|json table
      --from <snapshot>
    plan [domain...]
      --config.file <path> /etc/libvirt-vlan-exporter/config.yml
      --format <format> text|json text
      --from <snapshot>
    heal [domain...]
      --config.file <path> /etc/libvirt-vlan-exporter/config.yml
      --format <format> text|json text
    remediate
      --config.file <path> /etc/libvirt-vlan-exporter/config.yml
      --dry-run
      --log.level <level> debug|info|warn|error info
      --log.format <format> logfmt|json logfmt
    hook install
      --config.file <path> /etc/libvirt-vlan-exporter/config.yml
    hook uninstall
    hook status
    history [domain...]
      --since <duration> 86400000
      --format <format> table|json table
    metrics
      --config.file <path> /etc/libvirt-vlan-exporter/config.yml
      --textfile <path>
    snapshot
      --config.file <path> /etc/libvirt-vlan-exporter/config.yml
    config check [file]
      --config.file <path> /etc/libvirt-vlan-exporter/config.yml
      --web <file>
    config infer
      --from <snapshot>
      --as <form> config|metadata config
      --config.file <path> /etc/libvirt-vlan-exporter/config.yml
    config schema
    doctor
      --config.file <path> /etc/libvirt-vlan-exporter/config.yml
      --format <format> text|json text
    demo
      --web.listen-address <address> 127.0.0.1:19177
      --config.file <path>
      --web.config.file <path>
      --vms <number> 40
      --seed <number> 1
      --drift-every <seconds> 12
      --no-drift
      --no-restarts
      --heal-after <seconds> 5
      --no-heal
      --control <address>
      --log.level <level> debug|info|warn|error warn"
  `);
});

test('the help of each command is in words', () => {
  const all = createProgram().commands.flatMap((command) => [command, ...command.commands]);
  for (const command of all) {
    expect(command.helpInformation()).not.toMatch(/NaN|undefined/);
    for (const { flags, description } of command.options) expect(description, flags).toMatch(/\w+/);
  }
});

test('the version is told; a word that is not known ends with 2, and help is offered', async () => {
  expect(await run('--version')).toMatchObject({ status: 0, out: `${VERSION}\n` });
  const unknown = await run('nonsense');
  expect(unknown.status).toBe(2);
  expect(unknown.err).toContain("error: unknown command 'nonsense'");
  expect(unknown.err).toContain('(run with --help for what there is)');
});

test('of a mistake of the caller’s only the message is told, of a bug where it was', async () => {
  const mistake = await run('config', 'check', '/no/such/file');
  expect(mistake).toEqual({
    status: 2,
    out: '',
    err: 'libvirt-vlan-exporter: /no/such/file: no such file; name another\n',
  });
  vi.spyOn(JSON, 'stringify').mockImplementation(() => {
    throw new Error('a bug');
  });
  const bug = await run('config', 'schema');
  expect(bug.status).toBe(2);
  expect(bug.err).toMatch(/^libvirt-vlan-exporter: Error: a bug\n {4}at /);
});

test('config check looks at the file that is named, at the web config beside it, or at that alone', async () => {
  const at = folder({ 'config.yml': CONFIG, 'none.yml': 'bridges: {}\n', 'web.yml': '' });
  const valid = `${at('config.yml')}: valid; bridges: br0 (1 rule); policy `;
  expect((await run('config', 'check', at('config.yml'))).out).toContain(valid);
  expect((await run('config', 'check', '--config.file', at('config.yml'))).out).toContain(valid);
  expect((await run('config', 'check', at('none.yml'))).out).toContain('valid; bridges: none; policy ');
  const web = await run('config', 'check', '--web', at('web.yml'));
  expect(web).toMatchObject({ status: 0, err: '' });
  expect(web.out).toMatch(/web\.yml: valid.*\n$/);
  const both = await run('config', 'check', '--web', at('web.yml'), at('config.yml'));
  expect(both.out.trim().split('\n')).toHaveLength(2);
});

test('config check --web with a config file that is named checks both, and the worst counts', async () => {
  const at = folder({ 'config.yml': CONFIG, 'bad.yml': 'bridges: 1\n', 'web.yml': '', 'bad-web.yml': 'colour: red\n' });
  const check = (web: string, ...config: readonly string[]) => run('config', 'check', '--web', at(web), ...config);
  const good = await check('web.yml', '--config.file', at('config.yml'));
  expect([good.status, good.out.trim().split('\n').length]).toEqual([0, 2]);
  const oneBad = await check('web.yml', '--config.file', at('bad.yml'));
  expect(oneBad).toMatchObject({ status: 2, out: expect.stringContaining('web.yml: valid') });
  expect(oneBad.err).toContain('bad.yml:1:10: bridges: expected a mapping');
  const otherBad = await check('bad-web.yml', at('config.yml'));
  expect(otherBad).toMatchObject({ status: 2, out: expect.stringContaining('config.yml: valid') });
  const bothBad = await check('bad-web.yml', at('bad.yml'));
  expect([bothBad.status, bothBad.err.match(/^libvirt-vlan-exporter: /gm)?.length]).toEqual([2, 2]);
});

test.each([
  ['config', 'check', '-'],
  ['config', 'check', '--web', '-'],
  ['check', '--config.file', '-'],
])('a dash is no file: %s %s %s', async (...args) => {
  const { status, err } = await run(...args);
  expect([status, err]).toEqual([
    2,
    'libvirt-vlan-exporter: -: expected the path of a file: nothing is read from stdin; save it to a file first\n',
  ]);
});

test('config check --web wants a file, unlike serve', async () => {
  const { status, err } = await run('config', 'check', '--web=');
  expect([status, err]).toEqual([2, expect.stringContaining('expected a file, found nothing')]);
});

test('config check refuses two names of the config file, and says which to drop', async () => {
  expect(await run('config', 'check', 'a.yml', '--config.file', 'b.yml')).toEqual({
    status: 2,
    out: '',
    err: 'libvirt-vlan-exporter: a.yml and --config.file b.yml both name the config file; drop --config.file to check a.yml, or a.yml to check b.yml\n',
  });
});

test('config infer prints a config, or the rules of one as commands; where there is nothing to say it is 2', async () => {
  const at = folder({
    'config.yml': CONFIG,
    'rules.yml': 'bridges: { br0: { vlans: [10], pvid: 1 } }\n',
    'narrow.yml':
      'bridges: { br0: { vlans: [10], pvid: 1, allowed: [], rules: [{ name: a, domains: [web], pvid: 50 }] } }\n',
    'vm.json': await snapshotOf('web'),
    'idle.json': await snapshotOf(),
    'empty.json': renderSnapshot(await readSnapshot(createSimHost({ now: () => 0 }), { bridges: [] })),
  });
  const config = await run('config', 'infer', '--from', at('vm.json'));
  expect(config.status).toBe(0);
  expect(parseSettings(config.out, 'out').policy.bridges.map(({ name }) => name)).toEqual(['br0']);
  const asMetadata = (file: string, from: string) =>
    run('config', 'infer', '--as', 'metadata', '--config.file', at(file), '--from', at(from));
  const metadata = await asMetadata('config.yml', 'vm.json');
  expect(metadata.status).toBe(0);
  expect(metadata.out).toMatch(
    /^# The bridges that should hear it need metadata in their "intent:"\.\n(# .*\n){2}virsh metadata (.|\n)*web/,
  );
  expect(await asMetadata('rules.yml', 'vm.json')).toEqual({
    status: 2,
    out: '',
    err: 'libvirt-vlan-exporter: no rule is for an interface of a domain here\n',
  });
  expect(await asMetadata('narrow.yml', 'vm.json')).toMatchObject({
    status: 2,
    out: '',
    err: expect.stringMatching(/left out: web: .*\n.*: nothing else is to be written\n$/),
  });
  expect(await run('config', 'infer', '--from', at('idle.json'))).toMatchObject({
    status: 2,
    err: expect.stringContaining('no vnet on a VLAN-filtering bridge to learn from\n'),
  });
  expect(await run('config', 'infer', '--from', at('empty.json'))).toEqual({
    status: 2,
    out: '',
    err: `libvirt-vlan-exporter: ${at('empty.json')} has no Linux bridge\n`,
  });
});

test('config schema prints the JSON Schema', async () => {
  const { status, out } = await run('config', 'schema');
  expect([status, JSON.parse(out).type]).toEqual([0, 'object']);
});

/** The value that a flag makes of these words, or what it says of them. */
function parsed(command: string, flag: string, text: string): unknown {
  const option = createProgram()
    .commands.find((each) => each.name() === command)
    ?.options.find(({ long }) => long === flag);
  try {
    return option?.parseArg?.(text, undefined as never);
  } catch (error) {
    return (error as Error).message;
  }
}

test.each([
  [
    'serve',
    '--web.max-requests',
    { '0': 0, '40': 40, '999999': 999_999 },
    ['1000000', '-1', '1.5', 'x', ''],
    'expected an integer from 0 to 999999',
  ],
  [
    'serve',
    '--web.telemetry-path',
    { '/': '/', '/a/b-c_d.e~f': '/a/b-c_d.e~f' },
    ['metrics', '/a?b', '/ä', ''],
    'expected a path',
  ],
  [
    'metrics',
    '--textfile',
    { '/x/a.prom': '/x/a.prom' },
    ['/x/a.txt', 'prom.a'],
    'expected a path that ends with ".prom"',
  ],
  [
    'demo',
    '--vms',
    { '1': 1, '10000': 10_000 },
    ['0', '10001', '1.5', ' ', 'x'],
    'expected an integer from 1 to 10000',
  ],
  [
    'demo',
    '--seed',
    { '0': 0, '4294967295': 4_294_967_295 },
    ['4294967296', '-1', '0.5'],
    'expected an integer from 0 to 4294967295',
  ],
  ['demo', '--drift-every', { '0.1': 0.1, '86400': 86_400 }, ['0', '86401'], 'expected a number from 0.1 to 86400'],
  ['demo', '--heal-after', { '0': 0, '3600': 3600 }, ['3601'], 'expected a number from 0 to 3600'],
])('%s %s takes what is in its bounds', (command, flag, good, bad, problem) => {
  for (const [text, value] of Object.entries(good)) expect(parsed(command, flag, text)).toEqual(value);
  for (const text of bad) expect(parsed(command, flag, text)).toContain(problem);
});

test('--web.listen-address may be given several times', () => {
  const option = createProgram()
    .commands.find((each) => each.name() === 'serve')
    ?.options.find(({ long }) => long === '--web.listen-address');
  expect(option?.parseArg?.(':1', undefined as never)).toEqual([':1']);
  expect(option?.parseArg?.(':2', undefined as never)).toEqual([':1', ':2']);
});
