// Each scenario becomes one file that node runs inside the lab without node_modules; beside them the product's hook, in hook/.
// LAB_SCENARIOS: files, LAB_OUT: folder.
import { basename } from 'node:path';
import { defineConfig } from 'rolldown';
import { hook, shared } from '../../rolldown.config.ts';

const files = (process.env.LAB_SCENARIOS ?? '').split(' ').filter(Boolean);

export default defineConfig([
  { ...hook, output: { ...hook.output, dir: `${process.env.LAB_OUT}/hook` }, logLevel: 'warn' as const },
  ...files.map((file) => ({
    ...shared,
    input: file,
    output: {
      file: `${process.env.LAB_OUT}/${basename(file, '.ts')}.mjs`,
      format: 'esm' as const,
      inlineDynamicImports: true,
      banner:
        "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);",
    },
    logLevel: 'warn' as const,
  })),
]);
