// The single values that the config file is made of, each with what is expected of it in words and as JSON Schema.
import { DURATION_WORDS, parseDuration } from '../model/duration.ts';
import { parseMac } from '../model/mac.ts';
import { isVid, type Vid, type VidRange, type Vids, vidRange, vidsFrom } from '../model/vlan.ts';
import { describe } from './problem.ts';
import { everComes, isSchedule } from './schedule.ts';
import { after, checked, list, type Shape, scalar } from './shape.ts';

export const bool = scalar('true or false', { type: 'boolean' }, (value) =>
  typeof value === 'boolean' ? value : undefined,
);

/** Text of one line, not empty. */
export const line = text('text of one line', '^[^\\p{Cc}]+$');

/** An integer from `min` to `max`. */
export function integer(min: number, max: number): Shape<number> {
  return scalar(`an integer from ${min} to ${max}`, { type: 'integer', minimum: min, maximum: max }, (value) =>
    Number.isInteger(value) && (value as number) >= min && (value as number) <= max ? (value as number) : undefined,
  );
}

/** One of these words. */
export function oneOf<T extends string>(...words: readonly T[]): Shape<T> {
  return scalar(`one of ${words.join(', ')}`, { enum: words }, (value) => words.find((word) => word === value));
}

const VID_SCHEMA = { type: 'integer', minimum: 1, maximum: 4094 };

/** A VLAN id, or `none` for tagged only. */
export const pvid: Shape<Vid | 'none'> = scalar(
  'a VLAN id from 1 to 4094, or none',
  { anyOf: [VID_SCHEMA, { const: 'none' }] },
  (value) => (value === 'none' ? 'none' : typeof value === 'number' && isVid(value) ? value : undefined),
);

/** VLAN ids and ranges of them, in any order, as a set. */
export const vids: Shape<Vids> = after(
  list(
    scalar(
      'a VLAN id from 1 to 4094, or a range of them as 200-210',
      // A range's order and bounds are beyond JSON Schema.
      { anyOf: [VID_SCHEMA, { type: 'string', pattern: '^[0-9]{1,4}-[0-9]{1,4}$' }] },
      parseVidRange,
    ),
    'a list of VLAN ids, as [10, 20, 200-210]',
  ),
  (ranges) => ranges && vidsFrom(ranges),
);

function parseVidRange(value: unknown): VidRange | undefined {
  if (typeof value === 'number') return isVid(value) ? vidRange(value) : undefined;
  const range = /^(\d{1,4})-(\d{1,4})$/.exec(String(value));
  const [first, last] = [Number(range?.[1]), Number(range?.[2])];
  return isVid(first) && isVid(last) && first <= last ? vidRange(first, last) : undefined;
}

/** A guest's MAC address, in normal form. */
export const mac = scalar(
  'the MAC address of one guest interface, as 52:54:00:aa:bb:cc',
  { type: 'string', pattern: '^([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}$' },
  (value) => {
    const parsed = typeof value === 'string' ? parseMac(value) : undefined;
    // The lowest bit of the first octet marks a group of stations: no interface has such an address.
    return parsed !== undefined && Number.parseInt(parsed, 16) % 2 === 0 ? parsed : undefined;
  },
);

/** A domain's name, or a glob for names. libvirt refuses names with a slash and empty ones. */
export const domainPattern = text(
  'the name of a domain or a glob as k3s-* (a name of digits only in quotes)',
  '^[^/\\p{Cc}]+$',
);

/** A name of libvirt's (a network, a portgroup), or a glob for such names. */
export const namePattern = text('a name or a glob as lan-* (a name of digits only in quotes)', '^[^\\p{Cc}]+$');

/** The alias that a user gave an interface, or a glob for such names. libvirt takes only those that begin with ua-. */
export const aliasPattern = text(
  "an interface's alias as ua-lan, or a glob as ua-*: libvirt keeps only those that begin with ua-",
  '^ua-[A-Za-z0-9_*?-]+$',
);

/** The name of a network interface, by the kernel's rule (net/core/dev.c, dev_valid_name). */
export const interfaceName = scalar(
  "an interface's name: at most 15 bytes, without '/', ':' and white space",
  { type: 'string', minLength: 1, maxLength: 15, pattern: '^[^/:\\s]+$' },
  (value) => (typeof value === 'string' && isInterfaceName(value) ? value : undefined),
);

/** Whether the kernel takes `name` for an interface. */
function isInterfaceName(name: string): boolean {
  if (name === '' || name === '.' || name === '..' || Buffer.byteLength(name) > 15) return false;
  // The kernel looks at bytes, and takes 0xa0 for white space wherever it stands.
  return [...Buffer.from(name)].every(
    (byte) => byte > 0x20 && byte !== 0x7f && byte !== 0xa0 && byte !== 0x2f && byte !== 0x3a,
  );
}

/** A SYSLOG_IDENTIFIER without the `[domain]` that a hook appends. */
export const identifier = text(
  'a journal identifier as libvirt-hook, without brackets and white space',
  '^[^\\s\\[\\]]{1,64}$',
);

/** A span of time from one second to a year, in milliseconds. */
export const duration = scalar(
  DURATION_WORDS,
  { type: 'string', pattern: '^(?=.)([0-9]{1,4}d)?([0-9]{1,6}h)?([0-9]{1,6}m)?([0-9]{1,6}s)?$' },
  (value) => (typeof value === 'string' ? parseDuration(value) : undefined),
);

const NO_SUCH_DAY = 'no day is all that it asks for (day of month, month and weekday)';

/** A cron expression of six fields, seconds first, that has next runs. */
export const schedule = checked(
  scalar(
    'a cron expression of six fields, second minute hour day month weekday, as "*/15 * * * * *"',
    { type: 'string', pattern: '^\\S+( +\\S+){5}$' },
    (value) => (typeof value === 'string' && isSchedule(value) ? value : undefined),
  ),
  (text) => (everComes(text) ? [] : [{ path: [], text: `${describe(text)} never comes: ${NO_SUCH_DAY}` }]),
);

// `pattern` as in JSON Schema: an unanchored regular expression in Unicode mode.
function text(expected: string, pattern: string): Shape<string> {
  const regex = new RegExp(pattern, 'u');
  return scalar(expected, { type: 'string', pattern }, (value) =>
    typeof value === 'string' && regex.test(value) ? value : undefined,
  );
}
