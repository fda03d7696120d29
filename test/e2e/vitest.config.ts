// The end-to-end tests: real Prometheus, Alertmanager and browser. Two files at once: most of their time they wait, and each starts servers.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: new URL('../../', import.meta.url).pathname,
    include: ['test/e2e/**/*.test.ts'],
    // The page's style is text to the program: vitest would leave it empty.
    css: true,
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
});
