import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // A busy machine: what hangs is told all the same, what is only slow is no failure.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // vitest alone leaves one processor free: on two of them, that is half of the time.
    maxWorkers: '100%',
    include: ['test/**/*.test.ts'],
    // The page's style is text to the program: vitest would leave it empty.
    css: true,
    exclude: ['test/lab/**', 'test/e2e/**', 'test/bench/**', 'node_modules/**'],
  },
});
