// The simulated bridge held against this kernel and this iproute2: the same random commands on both; after each the VLAN table
// in one of its four forms, and what failed with which words, must be the same. Ports join and leave in between.
// lab-timeout: 300
import { spawn } from 'node:child_process';
import fc from 'fast-check';
import { runBridge } from '../../../src/sim/bridge-command.ts';
import { createSimHost } from '../../../src/sim/host.ts';
import { BRIDGES, batchWord, bridgeWords, PORTS, type Step, step } from '../../sim/steps.ts';
import { finish, note, sh, test } from '../scenario.ts';

const COMMANDS = 1250;
const FORMS = [['-j'], ['-j', '-compressvlans'], [], ['-compressvlans']] as const;

const sim = createSimHost();
let batches = 0;
let compared = 0;
let refused = 0;

for (const { name, filtering, defaultPvid } of BRIDGES) {
  sim.addBridge(name, { filtering, defaultPvid });
  const options = `vlan_filtering ${filtering ? 1 : 0} vlan_default_pvid ${defaultPvid}`;
  await sh(`ip link add ${name} type bridge ${options}`);
}
for (const [i, name] of PORTS.entries()) {
  const mac = `fe:54:00:00:00:0${i}`;
  sim.kernel.addLink(name, 'tap', mac);
  await sh(`ip tuntap add ${name} mode tap && ip link set ${name} address ${mac} up`);
}

await test('both start with the same table', sameTables);

// The first seed is the same in every run, the second a new one.
for (const seed of [2026, Date.now() % 1_000_000]) {
  await test(`after each of ${COMMANDS} random commands both have the same table and refuse the same (seed ${seed})`, async () => {
    for (const part of parts(fc.sample(step, { numRuns: COMMANDS, seed }))) {
      await runBoth(part.batch);
      if (part.move) await moveBoth(part.move);
    }
    await sameTables();
  });
}

await test('a single command exits with the same status, the same words on stderr and stdout', async () => {
  for (const words of fc.sample(bridgeWords, { numRuns: 100, seed: 7 })) {
    same(runBridge(sim.kernel, words, ''), await bridge(words, ''), words.join(' '));
  }
  for (const words of [
    ['-x', 'vlan', 'show'],
    ['vlan', 'show', 'dev', 'nope'],
    ['vlan', 'show', 'dev', 'vnet1'],
    ['-V'],
  ]) {
    same(runBridge(sim.kernel, words, ''), await bridge(words, ''), words.join(' '));
  }
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
  for (const args of [['-force'], [], ['-force', '-j'], ['-j']]) {
    for (const input of [text, `${text}\n`, '', '\n', '#\n']) {
      const all = [...args, '-batch', '-'];
      same(runBridge(sim.kernel, all, input), await bridge(all, input), `${all.join(' ')}: ${input}`);
      await sameTables();
    }
  }
});

await test('default_pvid is refused while the bridge filters, and else replaces what nobody changed', async () => {
  for (const vid of [0, 50, 51, 7, 1, 1]) {
    for (const filtering of [1, 0]) {
      await sh(`echo ${filtering} >/sys/class/net/br-mgmt/bridge/vlan_filtering`);
      sim.kernel.setFiltering('br-mgmt', filtering === 1);
      same(
        outcome(() => sim.kernel.setDefaultPvid('br-mgmt', vid)),
        await sh(`echo ${vid} >/sys/class/net/br-mgmt/bridge/default_pvid`).then(
          () => 'done',
          () => 'refused',
        ),
        `${vid} with filtering ${filtering}`,
      );
      await sameTables();
    }
  }
});

note(`${compared} commands compared, ${refused} of them refused by both`);
await sh([...PORTS, ...BRIDGES.map(({ name }) => name)].map((name) => `ip link del ${name}`).join(';'));
finish();

/** The steps as batches of `bridge` commands, each with the port's move that ends it. */
function* parts(steps: readonly Step[]): Generator<{ batch: readonly (readonly string[])[]; move?: Step }> {
  let batch: (readonly string[])[] = [];
  for (const one of steps) {
    if (one.kind === 'bridge') batch.push(one.words);
    else {
      yield { batch, move: one };
      batch = [];
    }
  }
  yield { batch };
}

/** Runs commands on both, the first and each followed by a dump, in one process; the form of the dump changes from call to call. */
async function runBoth(commands: readonly (readonly string[])[]) {
  const form = FORMS[batches % FORMS.length] ?? [];
  batches += 1;
  const args = [...form, '-force', '-batch', '-'];
  const input = ['', ...commands.map((words) => words.map(batchWord).join(' '))]
    .map((line) => `${line}\nvlan show\n`)
    .join('');
  const simulated = runBridge(sim.kernel, args, input);
  const real = await bridge(args, input);
  const [ours, theirs] = [dumpsOf(simulated.stdout), dumpsOf(real.stdout)];
  same(ours[0], theirs[0], 'after a port had moved');
  for (const [i, words] of commands.entries()) {
    same(ours[i + 1], theirs[i + 1], `after \`bridge ${words.join(' ')}\``);
  }
  same(theirs.length, commands.length + 1);
  same(simulated.stderr.split('\n'), real.stderr.split('\n'), input);
  same(simulated.exitCode, real.exitCode);
  compared += commands.length;
  refused += real.stderr.split('\n').filter((line) => line.startsWith('Command failed')).length;
}

/** One string for each `vlan show` of a batch: a line of JSON, or a table that begins with its header. */
function dumpsOf(stdout: string): readonly string[] {
  const dumps = stdout.startsWith('[') ? stdout.split('\n') : stdout.split(/^port .*\n/m).slice(1);
  return stdout.startsWith('[') ? dumps.slice(0, -1) : dumps;
}

async function moveBoth(move: Step) {
  if (move.kind === 'bridge') return;
  sim.kernel.setMaster(move.port, move.kind === 'join' ? move.bridge : undefined);
  await sh(`ip link set ${move.port} ${move.kind === 'join' ? `master ${move.bridge}` : 'nomaster'}`);
}

async function sameTables() {
  for (const form of FORMS) {
    const args = [...form, 'vlan', 'show'];
    same(runBridge(sim.kernel, args, ''), await bridge(args, ''), args.join(' '));
  }
}

function bridge(args: readonly string[], input: string) {
  return new Promise<{ stdout: string; stderr: string; exitCode: number | null }>((resolve, reject) => {
    const child = spawn('bridge', args, { env: { PATH: process.env.PATH, LC_ALL: 'C' } });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    child.on('error', reject).on('close', (exitCode) => resolve({ stdout, stderr, exitCode }));
    child.stdin.on('error', () => undefined); // it stopped before it had read all
    child.stdin.end(input);
  });
}

/** Fails with the first line that differs: a whole diff of two dumps takes minutes here. */
function same(simulated: unknown, real: unknown, what = '') {
  const [ours, theirs] = [simulated, real].map((value) =>
    (typeof value === 'string' ? value : (JSON.stringify(value, null, 1) ?? 'nothing')).split('\n'),
  ) as [string[], string[]];
  const at = ours.findIndex((line, i) => line !== theirs[i]);
  if (at < 0 && ours.length === theirs.length) return;
  const i = at < 0 ? ours.length : at;
  throw new Error(`${what}\nline ${i + 1}\nsimulated: ${ours[i]}\nkernel:    ${theirs[i]}`);
}

function outcome(run: () => void): 'done' | 'refused' {
  try {
    run();
    return 'done';
  } catch {
    return 'refused';
  }
}
