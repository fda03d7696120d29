// npm run mutate: how many small mistakes the tests would notice. A sample by seed from each folder of src, a table, and those that nothing
// noticed, to be read. See `run`.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import { createRandom } from '../../src/apps/demo/random.ts';
import { mutantsOf } from './mutants.ts';
import type { Job, Result } from './worker.ts';

/** Percent that should be killed, without those that make no difference. */
const TARGET = { policy: 85, remediation: 85, host: 85, hook: 85 } as Readonly<Record<string, number>>;
const TARGET_ELSEWHERE = 75;

/** They run only as bundles, in the labs: no unit test can see a mutant of theirs. */
const BUNDLED = ['src/main.ts', 'src/hook/main.ts'];

/** A mutant that makes no difference anybody could see: `is` in the file becomes `by`. */
interface Equivalent {
  readonly file: string;
  readonly is: string;
  readonly by: string;
  readonly why: string;
}

const { values: flags, positionals } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '20' },
    skip: { type: 'string', default: '0' },
    near: { type: 'boolean', default: false },
    trust: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
const equivalents = parse(readFileSync('test/mutate/equivalent.yml', 'utf8')) as readonly Equivalent[];
const folders = positionals.length > 0 ? positionals : folderNames();

function folderNames(): readonly string[] {
  return [...new Set(filesIn('').map((file) => file.split('/')[1] ?? ''))].filter((name) => !name.includes('.'));
}

function filesIn(folder: string): readonly string[] {
  const names = readdirSync(join('src', folder), { recursive: true, encoding: 'utf8' });
  const files = names.filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'));
  return files
    .map((name) => join('src', folder, name))
    .filter((name) => !BUNDLED.includes(name))
    .sort();
}

/** `count` of the folder's mutants, the same for the same seed; those before `skip` were in another portion. */
function sample(folder: string, count: number): readonly Job[] {
  const all = filesIn(folder).flatMap((file) =>
    mutantsOf(readFileSync(file, 'utf8')).map((mutant): Job => ({ file: resolve(file), mutant })),
  );
  const random = createRandom(Number(flags.seed));
  const drawn = all.map((job) => ({ job, lot: random.next() })).sort((a, b) => a.lot - b.lot);
  return drawn
    .slice(Number(flags.skip), Number(flags.skip) + count)
    .map(({ job }) => job)
    .sort((a, b) => a.file.localeCompare(b.file) || a.mutant.start - b.mutant.start);
}

/** Runs them all; where a worker hangs or ends, another one goes on behind the mutant at which it did. */
async function runAll(jobs: readonly Job[], told: (result: Result) => void): Promise<void> {
  const list = join(work, 'jobs.json');
  writeFileSync(list, JSON.stringify(jobs));
  let silent = 0;
  for (let first = 0; first < jobs.length; ) {
    const worker = spawn(
      process.execPath,
      [
        join(import.meta.dirname, 'worker.js'),
        list,
        `${first}`,
        flags.near ? 'near' : '',
        flags.trust ? 'trusted' : '',
      ],
      {
        stdio: ['pipe', 'pipe', 'inherit'],
        detached: true,
      },
    );
    const begun = first;
    for await (const line of createInterface({ input: worker.stdout })) {
      if (!line.startsWith('{"index":')) continue;
      const result = JSON.parse(line) as Result;
      told(result);
      first = result.index + 1;
    }
    // Its threads may still be at an endless loop.
    if (worker.pid !== undefined && worker.exitCode === null) process.kill(-worker.pid, 'SIGKILL');
    silent = first === begun ? silent + 1 : 0;
    // One mutant may take all memory; what ends each worker is no mutant.
    if (silent > 1) throw new Error('workers end without a result');
    if (silent === 1) told({ index: first++, fate: 'hung', ms: 0 });
  }
}

const work = mkdtempSync(join(tmpdir(), 'mutate-'));
process.on('exit', () => rmSync(work, { recursive: true, force: true }));

const jobs = folders.flatMap((folder) => sample(folder, Number(flags.count)));
const fates = new Map<Job, Result['fate']>();
await runAll(jobs, (result) => {
  const job = jobs[result.index] as Job;
  const fate = result.fate === 'survived' && equivalentTo(job) ? 'equivalent' : result.fate;
  fates.set(job, fate as Result['fate']);
  if (flags.verbose || fate === 'survived' || fate === 'untested')
    console.log(`${fate}: ${say(job)}${result.fate === 'killed' ? ` by ${result.by}` : ''} (${result.ms} ms)`);
});

const folderOf = ({ file }: Job) =>
  resolve(file)
    .slice(resolve('src').length + 1)
    .split('/')[0] ?? '';
let isEnough = true;
console.log(
  '\n| folder | mutants | killed | hung | survived | equivalent | without equivalent ones |\n|---|---|---|---|---|---|---|',
);
for (const folder of folders) {
  const of = (...wanted: readonly string[]) =>
    jobs.filter((job) => folderOf(job) === folder && wanted.includes(fates.get(job) ?? '')).length;
  const [dead, alive] = [of('killed', 'hung'), of('survived', 'untested')];
  const percent = Math.round((100 * dead) / Math.max(1, dead + alive));
  isEnough &&= percent >= (TARGET[folder] ?? TARGET_ELSEWHERE);
  const cells = [dead + alive + of('equivalent'), of('killed'), of('hung'), alive, of('equivalent'), `${percent} %`];
  console.log(`| ${[folder, ...cells].join(' | ')} |`);
}
process.exitCode = isEnough ? 0 : 1;

function equivalentTo({ file, mutant: { start, end, by } }: Job): Equivalent | undefined {
  const is = readFileSync(file, 'utf8').slice(start, end);
  return equivalents.find((e) => resolve('src', e.file) === file && e.is === is && e.by === by);
}

function say({ file, mutant: { start, end, by } }: Job): string {
  const text = readFileSync(file, 'utf8');
  const line = text.slice(0, start).split('\n').length;
  return `${file.slice(resolve('.').length + 1)}:${line}: ${JSON.stringify(text.slice(start, end))} -> ${JSON.stringify(by)}`;
}
