// The programs of this folder, as node runs them: packaging/build bundles them into the folder that PACKAGING_OUT names.
import { defineConfig } from 'rolldown';
import { shared } from '../rolldown.config.ts';

export default defineConfig({
  ...shared,
  input: { contents: 'packaging/contents.ts' },
  external: /^rolldown/,
  output: { dir: process.env.PACKAGING_OUT ?? 'packaging/out', format: 'esm', entryFileNames: '[name].mjs' },
});
