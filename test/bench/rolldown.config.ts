// The benches as files that node runs. BENCH_OUT: folder.
import { defineConfig } from 'rolldown';
import { main as product } from '../../rolldown.config.ts';

export default defineConfig({
  ...product,
  input: {
    bench: 'test/bench/bench.ts',
    exporter: 'test/bench/exporter.ts',
    growth: 'test/bench/growth.ts',
    flood: 'test/bench/flood.ts',
    hook: 'test/bench/hook.ts',
  },
  output: { ...product.output, dir: process.env.BENCH_OUT ?? '' },
  logLevel: 'warn',
});
