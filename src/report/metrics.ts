// Report → Prometheus' text format 0.0.4, through prom-client and a registry of its own.
// https://prometheus.io/docs/instrumenting/exposition_formats/
// The catalogue is in sections, by what the metrics are made of: a section is rendered again only when that changes.
import Registry from 'prom-client/lib/registry.js';
import { BRIDGE_FAMILIES } from './metrics/bridges.ts';
import type { Family, Sample } from './metrics/family.ts';
import { HOOK_FAMILIES } from './metrics/hook.ts';
import { REMEDIATOR_FAMILIES } from './metrics/remediator.ts';
import { AUDIT_FAMILIES, SELF_FAMILIES } from './metrics/self.ts';
import { VNET_FAMILIES } from './metrics/vnets.ts';

/** All families, in the order in which they are shown. */
export const SECTIONS = {
  report: [...VNET_FAMILIES, ...BRIDGE_FAMILIES],
  hook: HOOK_FAMILIES,
  remediator: REMEDIATOR_FAMILIES,
  self: SELF_FAMILIES,
} as const;

/** Families of `metrics`, which has made one audit and is no daemon. Names, labels and values as in SECTIONS. */
export const ONCE = { ...SECTIONS, self: AUDIT_FAMILIES } as const;

export const CONTENT_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

/**
 * The families as text, each line ending with a newline. Families without a sample are left out. `pause` is awaited between
 * slices of at most SLICE samples, so that a caller with many series can let other work in.
 */
export async function renderMetrics<I>(
  families: readonly Family<I>[],
  inputs: I,
  pause: () => Promise<void> = async () => {},
): Promise<string> {
  const parts: string[] = [];
  for (const family of families) {
    const header = await renderFamily(family, []);
    let skip = 0;
    for (const samples of slices(family.collect(inputs), SLICE)) {
      parts.push((await renderFamily(family, samples)).slice(skip));
      skip = header.length;
      await pause();
    }
  }
  return parts.join('');
}

// So many samples take prom-client less than a millisecond; collecting the garbage of a larger slice adds to the pause.
const SLICE = 250;

// A metric as the registry wants it is anything with a name and `get`; prom-client's own classes would hash the labels of each
// sample and keep it, although it is only ever rendered once.
async function renderFamily({ name, type, help }: Family<never>, values: readonly Sample[]): Promise<string> {
  const registry = new Registry();
  registry.registerMetric({ name, get: async () => ({ name, type, help, values }) } as never);
  return `${await registry.getSingleMetricAsString(name)}\n`;
}

function* slices<T>(items: Iterable<T>, size: number): Iterable<readonly T[]> {
  let slice: T[] = [];
  for (const item of items) {
    slice.push(item);
    if (slice.length < size) continue;
    yield slice;
    slice = [];
  }
  if (slice.length > 0) yield slice;
}

/** The catalogue as a Markdown table, for the README. */
export function renderCatalogue(): string {
  const rows = Object.values(SECTIONS)
    .flat()
    .map(({ name, type, labels, help }) => {
      const names = labels.map((label) => `\`${label}\``).join(' ');
      return `| \`${name}\` | ${type} | ${names} | ${help} |`;
    });
  return ['| metric | type | labels | meaning |', '|---|---|---|---|', ...rows, ''].join('\n');
}
