// The directions that imports may take, held by `npm run check`. Imports point down this list, never up:
//   main → cli → apps → doctor → web → exporter, hook → report → remediation → daemon → config → host → policy → model
// Each rule says why. https://github.com/sverweij/dependency-cruiser/blob/main/doc/rules-reference.md

/** Folders of src from the bottom to the top. Folders of one floor do not use each other. */
const FLOORS = [
  ['model'],
  ['policy'],
  ['host'],
  ['config'],
  ['daemon'],
  ['remediation'],
  ['report'],
  ['exporter', 'hook'],
  ['web'],
  ['doctor'],
  ['apps'],
  ['cli'],
];

const looksDown = FLOORS.flatMap((floor, i) => {
  const above = FLOORS.slice(i + 1).flat();
  return floor.map((folder) => ({
    name: `${folder}-looks-down`,
    comment: `${folder} is below or beside these: whoever reads it need not know them, and no change there can break it.`,
    severity: 'error',
    from: { path: `^src/${folder}/` },
    to: { path: `^src/(main\\.ts|(${[...above, ...floor.filter((other) => other !== folder)].join('|') || '-'})/)` },
  }));
});

/** What judges, decides and shows. */
const PURE = [
  '^src/(model|policy|report)/',
  '^src/doctor/judge\\.ts$',
  '^src/remediation/(plan|changes|guard|hold|moves|decide|decision|verify|record|status)\\.ts$',
];

/** `what` is imported by `where` alone. */
const only = (name, what, where, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: '^src/', pathNot: where },
  to: { path: what },
});

module.exports = {
  forbidden: [
    {
      name: 'no-circle',
      comment: 'What stands in a circle can only be understood all at once.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    ...looksDown,
    {
      name: 'pure',
      comment: 'What judges, decides and shows takes all it needs as parameters: the same input gives the same answer.',
      severity: 'error',
      from: { path: PURE },
      // A hash is as pure as a sum.
      to: { dependencyTypes: ['core'], pathNot: '^crypto$' },
    },
    {
      name: 'pure-without-linux',
      comment: 'What is pure knows no real host: what both need is in the model.',
      severity: 'error',
      from: { path: PURE },
      to: { path: '^src/host/linux/' },
    },
    only('processes', ['/execa/', '^child_process$'], '^src/host/linux/', 'The door: nothing else starts a process.'),
    only(
      'programs',
      '^src/host/linux/processes\\.ts$',
      '^src/host/',
      'The door speaks of what is wanted: nothing above it knows a command line.',
    ),
    only('files', ['^fs$', '^fs/promises$'], '^src/host/', 'The door: nothing else opens a file of the machine.'),
    only(
      'prom-client',
      '/prom-client/',
      '^src/report/(metrics|prom-client)',
      'Metrics are declared in one table; the library is behind it.',
    ),
    only('pino', '/pino/', '^src/daemon/log', 'One place says what a line of the log looks like.'),
    {
      name: 'cli-without-logger',
      comment: 'check, plan and heal print and do not log: a command that a person waits for loads no logger.',
      severity: 'error',
      from: { path: '^src/cli/', pathNot: '^src/cli/(program|serve|remediate|demo)' },
      to: { path: '/pino/', reachable: true },
    },
    only('fastify', '/fastify/', '^src/web/', 'HTTP ends here: the rest of the program says what to answer, not how.'),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '\\?raw$' },
    tsPreCompilationDeps: true,
    // TypeScript 7 has no JavaScript API.
    parser: 'swc',
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.json'] },
  },
};
