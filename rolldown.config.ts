// One entry, code-split: `main` loads only the chunk of the subcommand that runs, so that the hook starts fast.
import { defineConfig } from 'rolldown';

export default defineConfig({
  input: { main: 'src/main.ts' },
  platform: 'node',
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
});
