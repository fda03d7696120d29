// Debian's Prometheus and Alertmanager with the files of alerts/, in a temporary folder and on free ports.
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answers, freePort, type Program, start } from './processes.ts';

const ALERTS = new URL('../../alerts/', import.meta.url).pathname;

export interface MonitoringOptions {
  /** `host:port` of the exporters. */
  readonly targets: readonly string[];
  /** Port of the webhook receiver. */
  readonly receiver: number;
  /** Where the shipped files are; the source's unless told. */
  readonly alerts?: string;
  /** Changes to the shipped files, by name: text → text. */
  readonly edit?: Readonly<Record<string, (text: string) => string>>;
}

export interface Monitoring {
  readonly prometheus: string;
  readonly alertmanager: string;
  /** The result of an instant query: its series. Throws Error where Prometheus refuses it. */
  query(expr: string): Promise<readonly Series[]>;
  stop(): Promise<void>;
}

export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

/** Starts both, and resolves when they are ready. */
export async function startMonitoring({
  targets,
  receiver,
  alerts = ALERTS,
  edit = {},
}: MonitoringOptions): Promise<Monitoring> {
  const folder = await mkdtemp(join(tmpdir(), 'vlan-e2e-'));
  const [prometheusPort, alertmanagerPort] = [await freePort(), await freePort()];
  const started: Program[] = [];
  const stop = async () => {
    for (const program of started.toReversed()) await program.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await cp(alerts, folder, { recursive: true });
    const edits: readonly (readonly [string, (text: string) => string])[] = [
      ['prometheus.example.yml', (text) => replaced(text, '"127.0.0.1:9093"', `"127.0.0.1:${alertmanagerPort}"`)],
      ['prometheus.example.yml', (text) => replaced(text, '["127.0.0.1:19177"]', JSON.stringify(targets))],
      ['alertmanager.example.yml', (text) => replaced(text, '127.0.0.1:9095', `127.0.0.1:${receiver}`)],
      ...Object.entries(edit),
    ];
    for (const [name, change] of edits) {
      const path = join(folder, name);
      await writeFile(path, change(await readFile(path, 'utf8')));
    }
    const alertmanager = `http://127.0.0.1:${alertmanagerPort}`;
    started.push(
      await start(
        'prometheus-alertmanager',
        [
          `--config.file=${folder}/alertmanager.example.yml`,
          `--storage.path=${folder}/alertmanager`,
          `--web.listen-address=127.0.0.1:${alertmanagerPort}`,
          '--cluster.listen-address=',
        ],
        () => answers(`${alertmanager}/-/ready`),
      ),
    );
    const prometheus = `http://127.0.0.1:${prometheusPort}`;
    started.push(
      await start(
        'prometheus',
        [
          `--config.file=${folder}/prometheus.example.yml`,
          `--storage.tsdb.path=${folder}/prometheus`,
          `--web.listen-address=127.0.0.1:${prometheusPort}`,
        ],
        () => answers(`${prometheus}/-/ready`),
      ),
    );
    return { prometheus, alertmanager, query: (expr) => query(prometheus, expr), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** `text` with `from` replaced everywhere. Throws Error where it does not occur: the shipped file has changed. */
export function replaced(text: string, from: string, to: string): string {
  if (!text.includes(from)) throw new Error(`expected ${JSON.stringify(from)} in\n${text}`);
  return text.replaceAll(from, to);
}

async function query(prometheus: string, expr: string): Promise<readonly Series[]> {
  const response = await fetch(`${prometheus}/api/v1/query`, {
    method: 'POST',
    body: new URLSearchParams({ query: expr }),
  });
  const answer = (await response.json()) as { status: string; error?: string; data?: { result: readonly Series[] } };
  if (answer.status !== 'success') throw new Error(`${answer.error}: ${expr}`);
  return answer.data?.result ?? [];
}
