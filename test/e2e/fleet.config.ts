// A measurement, not a test: npx vitest run --config test/e2e/fleet.config.ts
// One Prometheus with the shipped rules scrapes 50 exporters of 100 vnets; three minutes. Its figures stand in alerts/README.md, "Fleets".
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: new URL('../../', import.meta.url).pathname,
    include: ['test/e2e/fleet.measure.ts'],
    testTimeout: 600_000,
    hookTimeout: 120_000,
  },
});
