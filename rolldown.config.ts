// `main`, code-split, so that only the chunk of the subcommand that runs is loaded; and the hook, see src/hook/hook.sh.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig, type RolldownOptions } from 'rolldown';

// The lab and the benches bundle the same way.
export const shared = {
  platform: 'node',
  plugins: [
    {
      // `import text from './file?raw'`, as Vite (and so vitest) has it.
      name: 'raw',
      load: (id: string) =>
        id.endsWith('?raw') ? { code: readFileSync(id.slice(0, -4), 'utf8'), moduleType: 'text' as const } : undefined,
    },
  ],
  // The same code as ES modules, of which unused parts can be left out: the hook's start is 8 % shorter.
  resolve: { alias: { yaml: join(import.meta.dirname, 'node_modules/yaml/browser/index.js') } },
} satisfies RolldownOptions;

const hookScript = {
  name: 'hook.sh',
  generateBundle(this: { emitFile(file: { type: 'asset'; fileName: string; source: string }): string }) {
    this.emitFile({
      type: 'asset',
      fileName: 'hook.sh',
      source: readFileSync(join(import.meta.dirname, 'src/hook/hook.sh'), 'utf8'),
    });
  },
};

export const main = {
  ...shared,
  input: { main: 'src/main.ts' },
  output: {
    dir: 'dist',
    format: 'esm',
    cleanDir: true,
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name]-[hash].js',
    // fastify, pino and prom-client are CommonJS and call require() of node's own modules.
    banner:
      "#!/usr/bin/env node\nimport { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);",
    minify: 'dce-only',
  },
} satisfies RolldownOptions;

// What fast-xml-parser loads for options that src/host/linux/xml-node.ts turns off: decoding of entities, and numbers. A quarter of
// the hook's code, and a twelfth of its start. A version that needs more of it does not build.
const XML_OPTIONS = `
export class EntityDecoder { reset() {} setXmlVersion() {} addInputEntities() {} decode(text) { return text; } }
export const XML = {}, HTML = {}, CURRENCY = {}, COMMON_HTML = {}, ENTITY_ACTION = {};
export const isUnsafe = () => true;
export default (text) => text;`;
const withoutXmlOptions = {
  name: 'without-xml-options',
  resolveId: (id: string) => (['@nodable/entities', 'is-unsafe', 'strnum'].includes(id) ? 'xml-options' : undefined),
  load: (id: string) => (id === 'xml-options' ? XML_OPTIONS : undefined),
};

// The hook: one file, for a VM's start waits for each file that node loads, and CommonJS, which node loads in half the time of ES
// modules. Beside it the script that starts it.
export const hook = {
  ...shared,
  plugins: [...shared.plugins, withoutXmlOptions, hookScript],
  input: { hook: 'src/hook/main.ts' },
  output: {
    dir: 'dist/hook',
    format: 'cjs',
    entryFileNames: '[name].cjs',
    chunkFileNames: '[name].cjs',
    cleanDir: true,
    minify: true,
  },
} satisfies RolldownOptions;

export default defineConfig([main, hook]);
