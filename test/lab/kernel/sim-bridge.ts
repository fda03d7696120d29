// The simulated bridge held against this kernel and this iproute2: the same random commands on both; after each the VLAN table
// in one of its four forms, and what failed with which words, must be the same. Ports join and leave in between.
// lab-timeout: 1200
import { execFile } from 'node:child_process';
import fc from 'fast-check';
import { createSimHost } from '../../../src/host/sim/host.ts';
import { BRIDGES, batchWord, bridgeWords, PORTS, type Step, step } from '../../host/sim/steps.ts';
import { type CommandResult, runBridge } from '../../support/programs/bridge.ts';
import { finish, note, sh, test } from '../scenario.ts';

const COMMANDS = 1250;
const FORMS = [['-j'], ['-j', '-compressvlans'], [], ['-compressvlans']] as const;

/** One `bridge` process on both; `move` happens before it, on the kernel as a shell command. */
interface Call {
  readonly what: string;
  readonly move?: { readonly shell: string; simulate(): void };
  readonly args: readonly string[];
  readonly input: string;
}

const { kernel } = createSimHost();
let compared = 0;
let refused = 0;

for (const { name, filtering, defaultPvid } of BRIDGES) {
  kernel.addLink(name, 'bridge', '52:54:00:00:00:00');
  kernel.setDefaultPvid(name, defaultPvid);
  kernel.setFiltering(name, filtering);
  const options = `vlan_filtering ${filtering ? 1 : 0} vlan_default_pvid ${defaultPvid}`;
  await sh(`ip link add ${name} type bridge ${options}`);
}
for (const [i, name] of PORTS.entries()) {
  const mac = `fe:54:00:00:00:0${i}`;
  kernel.addLink(name, 'tap', mac);
  kernel.setMaster(name, 'br-mgmt');
  await sh(`ip tuntap add ${name} mode tap && ip link set ${name} address ${mac} up master br-mgmt`);
}

await test('both start with the same table', () => compare(tables('at the start')));

// The first seed is the same in every run, the second a new one.
for (const seed of [2026, Date.now() % 1_000_000]) {
  await test(`after each of ${COMMANDS} random commands both have the same table and refuse the same (seed ${seed})`, async () => {
    await compare([...batches(fc.sample(step, { numRuns: COMMANDS, seed })), ...tables('at the end')]);
  });
}

await test('a single command exits with the same status, the same words on stderr and stdout', async () => {
  const known = ['-x vlan show', 'vlan foo', 'vlan show dev nope', 'vlan show dev vnet1', '-V'];
  const all = [...fc.sample(bridgeWords, { numRuns: 150, seed: 7 }), ...known.map((line) => line.split(' '))];
  await compare(all.map((args) => ({ what: `bridge ${args.join(' ')}`, args, input: '' })));
  await compare(tables('after them'));
});

await test('a batch with comments, quotes, continued lines and a device shown leaves, prints and exits the same', async () => {
  const text = `vlan add vid 10 dev vnet0
# a comment

vlan add vid 11 dev "vnet0" # another
vlan add vid 12 \\
  dev 'vnet0'
vlan add vid 13 dev nope
vlan show dev vnet0
vlan add vid 14 dev vnet1#x
vlan show
foo
vlan add vid 15 dev vnet0
vlan foo
vlan add vid 16 dev vnet0`;
  const calls = [['-force'], [], ['-force', '-j'], ['-j']].flatMap((options) =>
    [text, `${text}\n`, '', '\n', '#\n'].map((input): Call => {
      const args = [...options, '-batch', '-'];
      return { what: `bridge ${args.join(' ')} of ${JSON.stringify(input)}`, args, input };
    }),
  );
  await compare(calls.flatMap((call) => [call, ...tables(`after ${call.what}`)]));
});

await test('default_pvid is refused while the bridge filters, and else replaces what nobody changed', async () => {
  const path = '/sys/class/net/br-mgmt/bridge';
  for (const vid of [0, 50, 51, 7, 1, 1]) {
    for (const filtering of [1, 0]) {
      kernel.setFiltering('br-mgmt', filtering === 1);
      const simulated = succeeds(() => kernel.setDefaultPvid('br-mgmt', vid));
      await sh(`echo ${filtering} >${path}/vlan_filtering`);
      const real = await sh(`echo ${vid} >${path}/default_pvid`).then(
        () => true,
        () => false,
      );
      if (simulated !== real) throw new Error(`${vid} with filtering ${filtering}: the kernel says ${real}`);
      await compare(tables(`after default_pvid ${vid}`));
    }
  }
});

note(`${compared} commands compared, ${refused} of them refused by both`);
await sh([...PORTS, ...BRIDGES.map(({ name }) => name)].map((name) => `ip link del ${name}`).join(';'));
finish();

/** The steps as batches in which each command is followed by a dump; between two batches a port moves. */
function batches(steps: readonly Step[]): readonly Call[] {
  const calls: Call[] = [];
  let lines: string[] = [];
  let move: Call['move'];
  const close = () => {
    const form = FORMS[calls.length % FORMS.length] ?? [];
    const input = ['', ...lines].map((line) => `${line}\nvlan show\n`).join('');
    const what = `${move ? `${move.shell}, then ` : ''}bridge ${form.join(' ')} -force -batch - of\n${input}`;
    calls.push({ what, ...(move && { move }), args: [...form, '-force', '-batch', '-'], input });
    compared += lines.length;
    lines = [];
  };
  for (const one of steps) {
    if (one.kind === 'bridge') lines.push(one.words.map(batchWord).join(' '));
    else {
      close();
      const bridge = one.kind === 'join' ? one.bridge : undefined;
      const shell = `ip link set ${one.port} ${bridge === undefined ? 'nomaster' : `master ${bridge}`}`;
      move = { shell, simulate: () => kernel.setMaster(one.port, bridge) };
    }
  }
  close();
  return calls;
}

function tables(when: string): readonly Call[] {
  return FORMS.map((form) => ({
    what: `bridge ${form.join(' ')} vlan show ${when}`,
    args: [...form, 'vlan', 'show'],
    input: '',
  }));
}

/** Runs the calls in order, all of them on both, so that what follows begins alike; then throws the first line that differed. */
async function compare(calls: readonly Call[]): Promise<void> {
  const real = await runReal(calls);
  const differences = calls.flatMap((call, i) => {
    call.move?.simulate();
    const simulated = runBridge(kernel, call.args, call.input);
    refused += simulated.stderr.split('\n').filter((line) => line.startsWith('Command failed')).length;
    return difference(simulated, real[i], call.what) ?? [];
  });
  if (differences.length > 0) throw new Error(differences[0]);
}

/** One shell for all of them: each process that node itself starts takes a tenth of a second here. */
async function runReal(calls: readonly Call[]): Promise<readonly CommandResult[]> {
  const script = calls.map(({ move, args, input }) => {
    const command = `printf %s ${quote(input)} | bridge ${args.map(quote).join(' ')} 2>/tmp/sim-bridge.err`;
    return `${move?.shell ?? ':'} || exit 99\n${command}\nprintf '\\1%s\\1%s\\n\\2' $? "$(</tmp/sim-bridge.err)"\n`;
  });
  const stdout = await new Promise<string>((resolve, reject) => {
    const shell = execFile(
      '/bin/bash',
      [],
      { maxBuffer: 1 << 28, env: { ...process.env, LC_ALL: 'C' } },
      (error, out) => (error ? reject(error) : resolve(out)),
    );
    shell.stdin?.end(script.join(''));
  });
  return stdout
    .split('\x02')
    .slice(0, -1)
    .map((text) => {
      const [out = '', exitCode = '', stderr = ''] = text.split('\x01');
      return { stdout: out, exitCode: Number(exitCode), stderr: stderr === '\n' ? '' : stderr };
    });
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The first line that differs: a whole diff of two dumps takes minutes here. */
function difference(simulated: CommandResult, real: CommandResult | undefined, what: string): string | undefined {
  for (const key of ['stdout', 'stderr', 'exitCode'] as const) {
    const [ours, theirs] = [simulated, real].map((result) => String(result?.[key]).split('\n')) as [string[], string[]];
    const at = ours.findIndex((line, i) => line !== theirs[i]);
    if (at < 0 && ours.length === theirs.length) continue;
    const i = at < 0 ? ours.length : at;
    return `${what}\n${key}, line ${i + 1}\nsimulated: ${ours[i]}\nkernel:    ${theirs[i]}`;
  }
  return undefined;
}

function succeeds(run: () => void): boolean {
  try {
    run();
    return true;
  } catch {
    return false;
  }
}
