import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // The page's style is text to the program: vitest would leave it empty.
    css: true,
    exclude: ['test/lab/**', 'test/e2e/**', 'test/bench/**', 'node_modules/**'],
  },
});
