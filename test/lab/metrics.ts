// Reads a scrape: the text format of Prometheus as far as the exporter writes it.
import { note } from './scenario.ts';

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export const METRICS_URL = 'http://127.0.0.1:19177/metrics';

/**
 * The samples at a URL. Rejects where it does not answer with 200. Who is not answered within 10 s asks once more, as Prometheus does: the
 * machine below the lab has stood still for as long. What is lost so is printed.
 */
export async function scrape(url: string = METRICS_URL): Promise<readonly Sample[]> {
  const text = await ask(url).catch((error: Error) => {
    if (error.name !== 'TimeoutError') throw error;
    note(`${url} did not answer within 10 s`);
    return ask(url);
  });
  return parseSamples(text);
}

async function ask(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return response.text();
}

export function parseSamples(text: string): readonly Sample[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, name = '', labels = '', value = ''] = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
      const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key = '', raw = '']) => [
        key,
        raw.replace(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c)),
      ]);
      return { name, labels: Object.fromEntries(pairs), value: Number(value.replace('Inf', 'Infinity')) };
    });
}

/** Samples of one metric (its name without `libvirt_vlan_`) that have these labels. */
export function select(samples: readonly Sample[], name: string, labels: Readonly<Record<string, string>> = {}) {
  return samples.filter(
    (sample) =>
      sample.name === `libvirt_vlan_${name}` &&
      Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
  );
}

/** The one such sample's value. Throws where there is none or more than one. */
export function value(samples: readonly Sample[], name: string, labels: Readonly<Record<string, string>> = {}): number {
  return only(samples, name, labels).value;
}

/** The checksum of the policy in force. Throws where it is not told. */
export function policySum(samples: readonly Sample[]): string {
  const { sha256 } = only(samples, 'policy_info', {}).labels;
  if (!sha256) throw new Error('policy_info has no label sha256');
  return sha256;
}

function only(samples: readonly Sample[], name: string, labels: Readonly<Record<string, string>>): Sample {
  const found = select(samples, name, labels);
  const [sample] = found;
  if (!sample || found.length > 1)
    throw new Error(`${found.length} samples of ${name}${JSON.stringify(labels)}, expected 1`);
  return sample;
}
