// From the start of the bundled `serve` to its first answer, beside node's own start.
import { spawn, spawnSync } from 'node:child_process';
import { get } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { type Figure, median, ms } from './figures.ts';
import { freePort } from './scrape.ts';

const ROUNDS = 7;
const TARGET_MS = 400;
const TARGET_RATIO = 8;

/** `main`: the built program. `config`: a config file. */
export async function benchStart(main: string, config: string): Promise<readonly Figure[]> {
  const times: number[] = [];
  const bare: number[] = [];
  for (let i = 0; i < ROUNDS; i += 1) {
    times.push(await startOnce(main, config));
    const start = performance.now();
    spawnSync(process.execPath, ['-e', '0']);
    bare.push(performance.now() - start);
  }
  const typical = median(times);
  const ratio = typical / median(bare);
  const what = `start of serve to its first answer (node alone: ${ms(median(bare))})`;
  const measured = `${ms(typical)}, ${ratio.toFixed(1)} x`;
  const target = `<= ${TARGET_MS} ms, <= ${TARGET_RATIO} x`;
  return [{ what, measured, target, met: typical <= TARGET_MS && ratio <= TARGET_RATIO }];
}

async function startOnce(main: string, config: string): Promise<number> {
  const port = await freePort();
  const start = performance.now();
  const args = [main, 'serve', '--config.file', config, '--web.listen-address', `127.0.0.1:${port}`];
  const child = spawn(process.execPath, args, { stdio: 'ignore' });
  try {
    for (;;) {
      if (await ok(`http://127.0.0.1:${port}/metrics`)) return performance.now() - start;
      if (child.exitCode !== null || performance.now() - start > 30_000) throw new Error('serve does not answer');
      await setTimeout(2);
    }
  } finally {
    child.kill('SIGKILL');
  }
}

function ok(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    get(url, { agent: false }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode === 200));
    }).on('error', () => resolve(false));
  });
}
