// Runs mutants one after another in one Vitest, which keeps what it has compiled: the test files that import the mutated file, the
// nearest ones first, until one fails. Tells each result as a line of JSON. Ends with status 9 where a mutant hangs: its caller goes on.
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { createVitest, type TestSpecification } from 'vitest/node';
import { type Mutant, mutate } from './mutants.ts';

export interface Job {
  readonly file: string;
  readonly mutant: Mutant;
}

export type Result = { readonly index: number; readonly ms: number } & (
  | { readonly fate: 'killed'; readonly by: string }
  | { readonly fate: 'survived' | 'hung' | 'untested' }
);

const TEST_MS = 20_000;
const MUTANT_MS = 120_000;
// Test files that take longer than this are left out: what only they would notice counts as survived.
const SLOW_MS = 8_000;
// What reads or bundles the source as text sees no mutant, or is about other things.
const BLIND = ['test/cli/bundle', 'test/packaging', 'test/dashboards', 'test/house', 'test/mutate'];

// `near`: only test files of the mutated file's own folder are run. `trusted`: they pass without a mutant, and need not be asked.
const [list = '', first = '0', near, trusted] = process.argv.slice(2);

// Its caller's end.
process.stdin.on('end', () => process.exit(1)).resume();

let mutated: { readonly file: string; readonly text: string } | undefined;
const vitest = await createVitest(
  'test',
  {
    watch: false,
    reporters: [{}],
    testTimeout: TEST_MS,
    hookTimeout: TEST_MS,
    bail: 1,
    pool: 'threads',
    maxWorkers: 2,
    related: [],
  },
  {
    plugins: [{ name: 'mutant', enforce: 'pre', load: (id) => (id === mutated?.file ? mutated.text : undefined) }],
    logLevel: 'silent',
  },
);

const related = new Map<string, readonly TestSpecification[]>();
const leftOut = new Set<string>();
const folderOf = (file: string) => relative(join(process.cwd(), 'src'), file).split('/')[0];
const nameOf = (spec: TestSpecification) => relative(process.cwd(), spec.moduleId);

/** The test files that import it, those of its own folder first. */
async function testsOf(file: string): Promise<readonly TestSpecification[]> {
  const known = related.get(file);
  if (known) return known;
  vitest.config.related = [file];
  const specs = await vitest.getRelevantTestSpecifications(near === 'near' ? [`test/${folderOf(file)}/`] : []);
  const seeing = specs.filter((spec) => !BLIND.some((folder) => nameOf(spec).startsWith(folder)));
  const own = relative(process.cwd(), file).replace(/^src/, 'test').split('/');
  const nearness = (spec: TestSpecification) =>
    nameOf(spec)
      .split('/')
      .findIndex((part, i) => part.replace('.test', '') !== own[i]);
  // Laws are tried in many ways, and so take long.
  const isLaw = (spec: TestSpecification) => Number(nameOf(spec).includes('laws'));
  const sorted = seeing.sort((a, b) => nearness(b) - nearness(a) || isLaw(a) - isLaw(b));
  related.set(file, sorted);
  return sorted;
}

/** The first of these test files that fails. */
async function firstFailure(specs: readonly TestSpecification[]): Promise<string | undefined> {
  if (specs.length === 0) return undefined;
  const failed = await failures(specs);
  return failed[0];
}

async function failures(specs: readonly TestSpecification[]): Promise<readonly string[]> {
  vitest.state.filesMap.clear();
  vitest.state.errorsSet.clear();
  const { testModules, unhandledErrors } = await vitest.runTestSpecifications([...specs]);
  const failed = testModules.filter((module) => !module.ok() || module.errors().length > 0);
  return [
    ...failed.map((module) => module.relativeModuleId),
    ...(unhandledErrors.length > 0 ? ['an unhandled error'] : []),
  ];
}

async function fateOf({ file, mutant }: Job) {
  const specs = (await testsOf(file)).filter((spec) => !leftOut.has(nameOf(spec)));
  if (specs.length === 0) return { fate: 'untested' } as const;
  mutated = { file, text: mutate(readFileSync(file, 'utf8'), mutant) };
  try {
    // A few at a time: most mutants die of the nearest tests.
    for (let at = 0, size = 2; at < specs.length; at += size, size *= 3) {
      vitest.invalidateFile(file);
      const by = await firstFailure(specs.slice(at, at + size));
      if (by !== undefined) return { fate: 'killed', by } as const;
    }
    // What bail ended may have been cut short unnoticed.
    vitest.config.bail = 0;
    vitest.invalidateFile(file);
    const by = await firstFailure(specs);
    return by === undefined ? ({ fate: 'survived' } as const) : ({ fate: 'killed', by } as const);
  } finally {
    vitest.config.bail = 1;
    mutated = undefined;
    vitest.invalidateFile(file);
  }
}

/** Which tests cannot be used. */
async function lookWithoutMutant(): Promise<void> {
  vitest.config.bail = 0;
  const leaveOut = (name: string, why: string) => {
    leftOut.add(name);
    console.error(`mutate: ${name} ${why}, and is left out`);
  };
  for (const name of await failures([...all.values()])) leaveOut(name, 'fails without a mutant');
  for (const module of vitest.state.getTestModules())
    if (module.diagnostic().duration > SLOW_MS) leaveOut(module.relativeModuleId, 'is slow');
  vitest.config.bail = 1;
}

const tell = (result: Result) => new Promise((resolve) => process.stdout.write(`${JSON.stringify(result)}\n`, resolve));

const jobs = JSON.parse(readFileSync(list, 'utf8')) as readonly Job[];
// Tests that fail without any mutant kill none.
const files = [...new Set(jobs.slice(Number(first)).map(({ file }) => file))];
const all = new Map<string, TestSpecification>();
for (const file of files) for (const spec of await testsOf(file)) all.set(nameOf(spec), spec);
if (trusted !== 'trusted') await lookWithoutMutant();
console.error(`mutate: ${jobs.length - Number(first)} mutants, ${all.size} test files`);
for (const [index, job] of jobs.entries()) {
  if (index < Number(first)) continue;
  const begin = performance.now();
  const ms = () => Math.round(performance.now() - begin);
  const alarm = setTimeout(async () => {
    await tell({ index, fate: 'hung', ms: ms() });
    process.exit(9);
  }, MUTANT_MS);
  const fate = await fateOf(job);
  clearTimeout(alarm);
  await tell({ index, ms: ms(), ...fate });
}
await vitest.close();
process.exit(0);
