// The cron expressions of the config file: six fields, each `*`, numbers, ranges `1-5` and steps `*/15`, comma-separated. A part
// of what node-cron takes, checked here because the hook reads the config too and must not pay for loading node-cron.

const FIELDS = [
  { min: 0, max: 59 }, // second
  { min: 0, max: 59 }, // minute
  { min: 0, max: 23 }, // hour
  { min: 1, max: 31 }, // day of month
  { min: 1, max: 12 }, // month
  { min: 0, max: 7 }, // weekday, Sunday is 0 and 7
] as const;

/** Whether `text` is such an expression. */
export function isSchedule(text: string): boolean {
  const fields = text.trim().split(/ +/);
  if (fields.length !== FIELDS.length) return false;
  const sound = FIELDS.every(({ min, max }, i) => (fields[i] ?? '').split(',').every((part) => isPart(part, min, max)));
  // Thirty-first of February and the like: a day that no month has is never reached.
  return sound && (fields[4] === '*' || !/(?:29|3[01])/.test(fields[3] ?? ''));
}

function isPart(part: string, min: number, max: number): boolean {
  const match = /^(?:\*|(\d{1,2})(?:-(\d{1,2}))?)(?:\/(\d{1,2}))?$/.exec(part);
  if (!match) return false;
  const [, first, last, step] = match;
  const from = first === undefined ? min : Number(first);
  const to = last === undefined ? (first === undefined ? max : from) : Number(last);
  if (step !== undefined && (Number(step) < 1 || Number(step) > max || (first !== undefined && last === undefined)))
    return false;
  return from >= min && to <= max && from <= to;
}
