// A scrape of 1,000 vnets beside Debian's node_exporter serving the same series from a textfile, asked in turn, gzip as
// Prometheus asks for it, over connections that are kept.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type Figure, ms, quantile } from './figures.ts';

const ROUNDS = 300;

/** `exporter`: the bundled exporter.ts. */
export async function benchScrape(exporter: string): Promise<readonly Figure[]> {
  const ours = spawn(process.execPath, [exporter], { stdio: ['ignore', 'pipe', 'inherit'] });
  const folder = mkdtempSync(join(tmpdir(), 'vlan-bench.'));
  const port = await freePort();
  let theirs: ReturnType<typeof spawn> | undefined;
  try {
    const url = `${await firstLine(ours.stdout)}metrics`;
    const text = await whenRendered(url);
    const series = text.split('\n').filter((line) => /^(# (HELP|TYPE) )?libvirt_vlan_/.test(line));
    writeFileSync(join(folder, 'vlan.prom'), `${series.join('\n')}\n`);
    theirs = spawn(
      'prometheus-node-exporter',
      [
        '--collector.disable-defaults',
        '--collector.textfile',
        `--collector.textfile.directory=${folder}`,
        '--web.disable-exporter-metrics',
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: 'ignore' },
    );
    const other = `http://127.0.0.1:${port}/metrics`;
    await answers(other);
    const times = { ours: [] as number[], theirs: [] as number[] };
    for (let i = -20; i < ROUNDS; i += 1) {
      const [a, b] = [await scrape(url, true), await scrape(other, true)];
      if (i >= 0) times.ours.push(a.ms);
      if (i >= 0) times.theirs.push(b.ms);
    }
    const count = series.filter((line) => !line.startsWith('#')).length;
    return figures(times, count);
  } finally {
    ours.kill();
    theirs?.kill();
    rmSync(folder, { recursive: true });
  }
}

function figures({ ours, theirs }: { ours: readonly number[]; theirs: readonly number[] }, series: number): Figure[] {
  const [p50, p99] = [quantile(ours, 0.5), quantile(ours, 0.99)];
  const [other50, other99] = [quantile(theirs, 0.5), quantile(theirs, 0.99)];
  return [
    {
      what: `scrape of ${series} series, p50 (node_exporter: ${ms(other50)})`,
      measured: `${ms(p50)}, 1/${Math.round(other50 / p50)}`,
      target: '<= 1/20',
      met: p50 <= other50 / 20,
    },
    {
      what: `scrape, p99, changes every second (node_exporter: ${ms(other99)})`,
      measured: `${ms(p99)}, 1/${Math.round(other99 / p99)}`,
      target: '<= 1/20',
      met: p99 <= other99 / 20,
    },
  ];
}

// The first report is rendered a moment after the first audit.
async function whenRendered(url: string): Promise<string> {
  for (let i = 0; i < 600; i += 1) {
    const { text } = await scrape(url, false);
    if (text.includes('libvirt_vlan_vnet_info{')) return text;
    await setTimeout(50);
  }
  throw new Error('the exporter shows no vnets');
}

const agent = new Agent({ keepAlive: true, maxSockets: 1 });

function scrape(url: string, gzip: boolean): Promise<{ text: string; ms: number }> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const request = get(url, { agent, headers: { 'accept-encoding': gzip ? 'gzip' : 'identity' } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => {
        const took = performance.now() - start;
        if (response.statusCode !== 200) reject(new Error(`${url}: status ${response.statusCode}`));
        else resolve({ text: gzip ? '' : Buffer.concat(chunks).toString(), ms: took });
      });
    });
    request.on('error', reject);
  });
}

async function answers(url: string): Promise<void> {
  for (let i = 0; ; i += 1) {
    try {
      await scrape(url, false);
      return;
    } catch (error) {
      if (i > 200) throw error;
      await setTimeout(50);
    }
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** What a program prints first. Throws Error where it ends before. */
export async function firstLine(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  for await (const chunk of stream) {
    text += chunk;
    if (text.includes('\n')) return text.slice(0, text.indexOf('\n'));
  }
  throw new Error('the exporter did not start');
}
