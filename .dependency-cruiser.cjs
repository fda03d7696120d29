// The directions that imports may take, held by `npm run check`. Imports point down this list:
//   main, cli → apps → daemon, exporter, web, hook → report → remediation → policy → config → host → model
// Each rule says why. https://github.com/sverweij/dependency-cruiser/blob/main/doc/rules-reference.md

/** Folders of src from the bottom to the top; a folder may use what stands before it. Those of one line may not use each other. */
const FLOORS = [['model'], ['host'], ['config'], ['policy'], ['remediation'], ['report'], ['exporter', 'hook'], ['web'], ['daemon'], ['apps'], ['cli']];

const up = FLOORS.flatMap((floor, i) => {
  const above = FLOORS.slice(i + 1).flat();
  return floor.map((folder) => ({
    name: `${folder}-looks-down`,
    comment: `${folder} is below ${above.join(', ')}: whoever reads it need not know them, and a change there cannot break it.`,
    severity: 'error',
    from: { path: `^src/${folder}/` },
    to: { path: `^src/(${[...above, ...floor.filter((f) => f !== folder)].join('|') || 'nothing'})/` },
  }));
});

/** Only `where` may import the package or module `what`. */
const only = (name, what, where, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: '^src/', pathNot: where },
  to: { path: what },
});

module.exports = {
  forbidden: [
    { name: 'no-circle', comment: 'What stands in a circle can only be understood all at once.', severity: 'error', from: {}, to: { circular: true } },
    ...up,
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '\\?raw$' },
    tsPreCompilationDeps: true,
    parser: 'swc',
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.json'] },
  },
};
