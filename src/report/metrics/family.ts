// What a metric family is here: one row of the catalogue. A family has no state; it is a pure function from its inputs to
// samples, as kube-state-metrics does it. So a series of something that is gone cannot linger.
// https://prometheus.io/docs/practices/naming/ and /instrumenting/writing_exporters/

export const PREFIX = 'libvirt_vlan_';

export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly value: number;
  readonly labels?: Labels;
  /** Labels that many samples have in common: the same object each time, so that it is formatted once. */
  readonly sharedLabels?: Labels;
  /** Of a histogram: `…_bucket`, `…_sum`, `…_count`. */
  readonly metricName?: string;
}

export interface Family<I> {
  /** In full, with its prefix. */
  readonly name: string;
  readonly type: 'gauge' | 'counter' | 'histogram';
  readonly help: string;
  /** Every label that its samples may have. */
  readonly labels: readonly string[];
  /** What is unknown yields no sample; it is never 0. */
  readonly collect: (inputs: I) => Iterable<Sample>;
}

/** A family under this program's prefix. */
export function family<I>(
  type: Family<I>['type'],
  name: string,
  labels: readonly string[],
  help: string,
  collect: Family<I>['collect'],
): Family<I> {
  return { name: PREFIX + name, type, help, labels, collect };
}

/** One sample without labels; none where the value is not known. */
export function single(value: number | boolean | undefined): readonly Sample[] {
  return value === undefined ? [] : [{ value: Number(value) }];
}

/** Milliseconds, of a duration or since the epoch, in seconds as Prometheus wants them, to the microsecond; 0 for never. */
export function seconds(milliseconds: number | undefined): number {
  return milliseconds === undefined ? 0 : Math.round(milliseconds * 1000) / 1e6;
}
