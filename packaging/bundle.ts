// The product's bundle, and the npm packages that are in it: those whose modules rolldown took, and no others.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { type LogLevel, type LogOrStringHandler, type RolldownLog, type RolldownOptions, rolldown } from 'rolldown';
import { loadConfig } from 'rolldown/config';

export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** SPDX, as its package.json has it. */
  readonly license: string;
  readonly licenseText: string;
  readonly homepage: string | undefined;
}

/** Writes the bundle of the folder `top` to `out` (as `dist`), and returns the packages in it, sorted by name. */
export async function bundle(top: string, out: string): Promise<readonly BundledPackage[]> {
  const configs = [await loadConfig(join(top, 'rolldown.config.ts'))].flat() as readonly RolldownOptions[];
  const folders = new Set<string>();
  for (const config of configs) {
    const output = [config.output ?? {}].flat()[0] ?? {};
    const build = await rolldown({ ...config, onLog: refuseUnresolved });
    const { output: files } = await build.write({ ...output, dir: join(out, relative('dist', output.dir ?? 'dist')) });
    for (const file of files) {
      for (const id of file.type === 'chunk' ? file.moduleIds : []) {
        // rolldown adds modules of its own, of a few lines.
        const folder = id.includes('\0rolldown') ? join(top, 'node_modules/rolldown') : packageFolder(id, top);
        if (folder) folders.add(folder);
      }
    }
  }
  const packages = [...folders].map(describe);
  return [...new Map(packages.map((entry) => [`${entry.name} ${entry.version}`, entry]))]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, entry]) => entry);
}

// To rolldown it is a warning, for there may be a node_modules where the bundle runs: there is none.
function refuseUnresolved(level: LogLevel, log: RolldownLog, handle: LogOrStringHandler): void {
  if (log.code === 'UNRESOLVED_IMPORT') throw new Error(`${log.message}\nRun npm ci first.`);
  handle(level, log);
}

// The nearest folder above with a package.json that names something: some packages have further ones, for the module kind only.
function packageFolder(module: string, top: string): string | undefined {
  const [path = ''] = module.replace(/^\0+/, '').split('?');
  if (!path.includes('/node_modules/')) return undefined;
  for (let folder = dirname(path); folder.length > top.length; folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).version) return folder;
  }
  throw new Error(`${path} belongs to no package`);
}

function describe(folder: string): BundledPackage {
  const { name, version, license, homepage } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
  if (typeof license !== 'string') throw new Error(`${name}: package.json says no license`);
  const licenseText = file
    ? readFileSync(join(folder, file), 'utf8').trim()
    : `${license}, says its package.json; it comes without the licence's text.`;
  return { name, version, license, homepage, licenseText };
}
