// What a bench found, beside its target; and the few numbers that are made of many.

export interface Figure {
  readonly what: string;
  readonly measured: string;
  readonly target: string;
  /** undefined: no target, for comparison only. */
  readonly met: boolean | undefined;
}

/** The value below which a part `p` (0 to 1) of the values lies; of an unsorted list that is not empty. */
export function quantile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))] as number;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Milliseconds, for people. */
export function ms(value: number): string {
  return value < 10 ? `${value.toFixed(1)} ms` : `${Math.round(value)} ms`;
}

export function renderTable(figures: readonly Figure[]): string {
  const head = ['what', 'measured', 'target', ''];
  const rows = figures.map(({ what, measured, target, met }) => {
    return [what, measured, target, met === undefined ? '' : met ? 'met' : 'MISSED'];
  });
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd();
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
