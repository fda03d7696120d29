// What the tests need to know of a PromQL expression, by its text: metric names and label names. Not a parser; whether an expression
// is valid, promtool and Prometheus say in test/e2e.
import { SECTIONS } from '../../src/report/metrics.ts';

/** Labels that Prometheus adds to everything it scrapes. */
export const TARGET_LABELS = ['job', 'instance', 'group'] as const;

/** The exporter's metrics and `up`: series name → label names, those of the target included. */
export const CATALOGUE: ReadonlyMap<string, readonly string[]> = new Map([
  ['up', TARGET_LABELS],
  ...Object.values(SECTIONS)
    .flat()
    .flatMap(({ name, type, labels }) =>
      (type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']).map((suffix): [string, readonly string[]] => [
        name + suffix,
        [...labels, ...TARGET_LABELS],
      ]),
    ),
]);

/** Names of the metrics that stand in an expression or a template: the exporter's, the recorded ones, `up`. */
export function metricsIn(text: string): readonly string[] {
  return [...new Set(text.match(/\b(?:libvirt_vlan[a-z0-9_:]+|process_[a-z_]+|up(?=\{))/g) ?? [])];
}

/** Names of the labels that an expression selects, groups or joins by. */
export function labelsIn(expr: string): readonly string[] {
  const matchers = expr.match(/[a-z_]+(?=\s*(?:=~|!~|!=|=)\s*\\?")/g) ?? [];
  const lists = [...expr.matchAll(/\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)/g)];
  return [
    ...new Set([...matchers, ...lists.flatMap((list) => (list[1] ?? '').split(',').map((name) => name.trim()))]),
  ].filter((name) => name !== '');
}
