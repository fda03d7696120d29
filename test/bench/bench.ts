// All benches in turn, and one table. Arguments: the folder of these files bundled, the built program, a config file, and what
// the kernel lab printed.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Figure, renderTable } from './figures.ts';
import { benchPure } from './pure.ts';
import { benchRanges } from './ranges.ts';
import { benchScrape } from './scrape.ts';
import { benchStart } from './start.ts';
import { benchWeb } from './web.ts';
import { benchXml } from './xml.ts';

const [folder = '', main = '', config = '', lab = ''] = process.argv.slice(2);
// The pure parts first: crowds of clients leave this process with a large heap, and that would be measured with them.
const figures: Figure[] = [
  ...(await benchPure()),
  ...benchRanges(),
  ...benchXml(),
  growth(),
  ...(await benchStart(main, config)),
  hookStart(),
  ...(await benchScrape(join(folder, 'exporter.js'))),
  ...(await benchWeb(join(folder, 'exporter.js'))),
  ...inLab(),
];
console.log(renderTable(figures));
process.exitCode = figures.some(({ met }) => met === false) ? 1 : 0;

function inLab(): readonly Figure[] {
  const lines = readFileSync(lab, 'utf8').split('\n');
  const found = lines.flatMap((line) => /^# figure (.*)/.exec(line)?.[1] ?? []).map((text): Figure => JSON.parse(text));
  return found.length > 0
    ? found
    : [{ what: 'in the kernel lab', measured: 'it failed, see above', target: '', met: false }];
}

function hookStart(): Figure {
  const args = [
    '--mount',
    process.execPath,
    join(folder, 'hook.js'),
    join(dirname(main), 'hook/hook.sh'),
    resolve(config),
  ];
  const { status, stdout } = spawnSync('unshare', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  if (status === 0) return JSON.parse(stdout);
  return { what: "the hook's start", measured: 'it failed, see above', target: '', met: false };
}

function growth(): Figure {
  const { stdout } = spawnSync(process.execPath, ['--expose-gc', join(folder, 'growth.js')], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const { before, after } = JSON.parse(stdout);
  const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  const grown = after.heapUsed - before.heapUsed;
  return {
    what: `heap after 10,000 more audits (resident ${mib(before.rss)}, then ${mib(after.rss)})`,
    measured: `${grown < 0 ? '-' : '+'}${mib(Math.abs(grown))}`,
    target: '<= +1 MiB',
    met: grown <= 2 ** 20,
  };
}
