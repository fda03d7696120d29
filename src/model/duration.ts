// Spans of time as they are written in the config and on the command line.

/** What `parseDuration` takes, for people. */
export const DURATION_WORDS = 'a duration from one second to a year, as 90s, 10m, 1h30m or 7d';

/** `text` as milliseconds; undefined where it is no duration from one second to a year. */
export function parseDuration(text: string): number | undefined {
  if (!DURATION.test(text)) return undefined;
  const parts = [...text.matchAll(/(\d+)([dhms])/g)];
  const total = parts.reduce((ms, [, count, unit]) => ms + Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS], 0);
  return total >= 1000 && total <= 366 * UNIT_MS.d ? total : undefined;
}

const UNIT_MS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000 } as const;
const DURATION = /^(\d{1,4}d)?(\d{1,6}h)?(\d{1,6}m)?(\d{1,6}s)?$/;
