// What TLS and a password cost a scrape of 1,000 vnets, beside the same without; and what a crowd that means no good does to it:
// 1,000 wrong passwords in 10 s, 600 connections that are held, 200 clients that never end their handshake, floods of HTTP/2.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import bcryptjs from 'bcryptjs';
import { FLOODS } from '../web/floods.ts';
import { type Figure, ms, quantile } from './figures.ts';
import { firstLine } from './scrape.ts';

const ROUNDS = 200;
const PASSWORD = 'bench';
// The head of a TLS record whose rest never comes.
const HALF_A_HELLO = '\x16\x03\x01\x02\0\x01';
const login = (password: string) => `Basic ${Buffer.from(`bench:${password}`).toString('base64')}`;

/** `exporter`: the bundled exporter.ts. */
export async function benchWeb(exporter: string): Promise<readonly Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'vlan-bench.'));
  const file = join(folder, 'web.yml');
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'k', '-out', 'c', ...subject], {
    cwd: folder,
    stdio: 'ignore',
  });
  writeFileSync(
    file,
    `tls_server_config: { cert_file: c, key_file: k }\nbasic_auth_users: { bench: "${bcryptjs.hashSync(PASSWORD, 10)}" }\n`,
  );
  const ca = readFileSync(join(folder, 'c'), 'utf8');
  const running: ChildProcess[] = [];
  const start = async (...args: readonly string[]) => {
    const begun = performance.now();
    const child = spawn(process.execPath, [exporter, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    running.push(child);
    const asked = scraper(`${await firstLine(child.stdout)}metrics`, ca);
    await asked.fresh();
    return { ...asked, startMs: performance.now() - begun, resident: () => residentMib(child.pid) };
  };
  try {
    const a = await start();
    const b = await start(file);
    const [without, withBoth] = await inTurn(a.kept, b.kept);
    const resident = [a.resident(), b.resident()] as const;
    const quiet = await alone(b.fresh, 50);
    const before = await b.audits();
    const logins = crowdOfLogins(b.url, ca);
    const during = await alone(b.fresh, 50, 190);
    const answers = await logins;
    const audits = (await b.audits()) - before;
    const lorises = await held(b.url, 200, HALF_A_HELLO);
    const slow = await alone(b.fresh, 50);
    const crowd = await held(b.url, 600, '');
    const crowded = await alone(b.fresh, 50);
    for (const socket of [...lorises, ...crowd]) socket.destroy();
    const flooded: Figure[] = [];
    for (const name of Object.keys(FLOODS)) {
      const attacker = spawn(process.execPath, [join(dirname(exporter), 'flood.js'), new URL(b.url).port, name]);
      await firstLine(attacker.stdout);
      const times = await alone(b.fresh, 20);
      attacker.kill();
      flooded.push(beside(`4 connections that flood with HTTP/2: ${name}`, times, quiet));
    }
    return [
      ...figures({ without, withBoth, quiet, during, slow, crowded }, answers, audits),
      ...flooded,
      {
        what: `start of the simulated host's exporter to its first answer, by TLS with a password (without: ${ms(a.startMs)})`,
        measured: ms(b.startMs),
        target: '',
        met: undefined,
      },
      {
        what: `resident at 1,000 vnets, by TLS with a password (without: ${resident[0]} MiB; after the crowds: ${b.resident()} MiB)`,
        measured: `${resident[1]} MiB`,
        target: '<= 1.5 x',
        met: resident[1] <= 1.5 * resident[0],
      },
    ];
  } finally {
    for (const child of running) child.kill();
    rmSync(folder, { recursive: true });
  }
}

type Times = Readonly<Record<'without' | 'withBoth' | 'quiet' | 'during' | 'slow' | 'crowded', readonly number[]>>;

function figures(times: Times, answers: ReadonlyMap<number, number>, audits: number): readonly Figure[] {
  const [p50, p99] = [quantile(times.withBoth, 0.5), quantile(times.withBoth, 0.99)];
  const [plain50, plain99] = [quantile(times.without, 0.5), quantile(times.without, 0.99)];
  const counts = [...answers].map(([status, count]) => `${status} ${count} times`).join(', ');
  return [
    {
      what: `scrape by TLS with a password, p50 (without: ${ms(plain50)})`,
      measured: `${ms(p50)}, ${(p50 / plain50).toFixed(1)} x`,
      target: '<= 3 x',
      met: p50 <= 3 * plain50,
    },
    { what: `the same, p99 (without: ${ms(plain99)})`, measured: ms(p99), target: '', met: undefined },
    beside(`1,000 wrong passwords in 10 s (${counts})`, times.during, times.quiet),
    { what: 'audits meanwhile, of about 10 that are due', measured: `${audits}`, target: '>= 8', met: audits >= 8 },
    beside('200 clients that never end their handshake', times.slow, times.quiet),
    beside('600 connections beside these', times.crowded, times.quiet),
  ];
}

// By a new connection each time: who keeps one is the last to notice.
function beside(what: string, values: readonly number[], inQuiet: readonly number[]): Figure {
  const [p50, quiet] = [quantile(values, 0.5), quantile(inQuiet, 0.5)];
  const p99s = `p99 ${ms(quantile(values, 0.99))}, in quiet ${ms(quantile(inQuiet, 0.99))}`;
  return {
    what: `${what}: connect and scrape, p50 (in quiet: ${ms(quiet)}; ${p99s})`,
    measured: `${ms(p50)}, ${(p50 / quiet).toFixed(1)} x`,
    target: '<= 3 x',
    met: p50 <= 3 * quiet,
  };
}

function residentMib(pid: number | undefined): number {
  return Math.round(Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024);
}

function scraper(url: string, ca: string) {
  const agent = url.startsWith('https')
    ? new HttpsAgent({ keepAlive: true, maxSockets: 1 })
    : new Agent({ keepAlive: true, maxSockets: 1 });
  const options = { ca, headers: { authorization: login(PASSWORD), 'accept-encoding': 'gzip' } };
  const timed = async (of: object) => {
    const start = performance.now();
    const { status } = await ask(url, of);
    if (status !== 200) throw new Error(`${url}: status ${status}`);
    return performance.now() - start;
  };
  return {
    url,
    kept: () => timed({ ...options, agent }),
    fresh: () => timed({ ...options, agent: false }),
    audits: async () => {
      const { text } = await ask(url, { ca, agent: false, headers: { authorization: login(PASSWORD) } });
      const counts = [...text.matchAll(/^libvirt_vlan_audits_total\{.*\} (\d+)$/gm)];
      return counts.reduce((sum, [, count]) => sum + Number(count), 0);
    },
  };
}

function ask(url: string, options: object): Promise<{ readonly status: number; readonly text: string }> {
  const request = url.startsWith('https') ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    request(url, options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
    })
      .on('error', reject)
      .end();
  });
}

async function inTurn(a: () => Promise<number>, b: () => Promise<number>): Promise<[number[], number[]]> {
  const times: [number[], number[]] = [[], []];
  for (let i = -20; i < ROUNDS; i += 1) {
    const [one, other] = [await a(), await b()];
    if (i < 0) continue;
    times[0].push(one);
    times[1].push(other);
  }
  return times;
}

async function alone(scrape: () => Promise<number>, rounds: number, pauseMs = 0): Promise<readonly number[]> {
  const times: number[] = [];
  for (let i = 0; i < rounds; i += 1) {
    times.push(await scrape());
    await setTimeout(pauseMs);
  }
  return times;
}

/** 1,000 in 10 s, each another password; how often each status was answered. */
async function crowdOfLogins(url: string, ca: string): Promise<ReadonlyMap<number, number>> {
  const agent = new HttpsAgent({ keepAlive: true, maxSockets: 50 });
  const counts = new Map<number, number>();
  const begun: Promise<void>[] = [];
  for (let i = 0; i < 1000; i += 1) {
    const answered = ask(url, { ca, agent, headers: { authorization: login(`wrong-${i}`) } }).then(
      ({ status }) => void counts.set(status, (counts.get(status) ?? 0) + 1),
      () => void counts.set(0, (counts.get(0) ?? 0) + 1),
    );
    begun.push(answered);
    await setTimeout(10);
  }
  await Promise.all(begun);
  agent.destroy();
  return counts;
}

/** So many connections, which send `bytes` and then nothing. */
async function held(url: string, count: number, bytes: string): Promise<readonly Socket[]> {
  const { hostname, port } = new URL(url);
  const open = () =>
    new Promise<Socket>((resolve) => {
      const socket = connect(Number(port), hostname, () => socket.write(bytes, 'latin1', () => resolve(socket)));
      socket.on('error', () => resolve(socket)).resume();
    });
  return Promise.all(Array.from({ length: count }, open));
}
