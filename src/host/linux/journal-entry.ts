// One line of `journalctl -o json`, and what of it can be trusted. Pure. systemd.journal-fields(7), journalctl(1) "-o json".
// Anybody may write an entry with any identifier and any field: only fields that begin with `_` are journald's own word.
import { cut } from '../../model/printable.ts';
import { orUndefined } from '../../model/snapshot.ts';

const MAX_TEXT = 500;

export type Entry = Readonly<Record<string, unknown>>;

/** undefined where the line is no JSON object. */
export function parseEntry(line: string): Entry | undefined {
  const value: unknown = orUndefined(() => JSON.parse(line));
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Entry) : undefined;
}

/** A field's values: one is a string, several are a list, one that is not UTF-8 is a list of bytes, one too long is null. */
export function values(field: unknown): readonly string[] {
  if (typeof field === 'string') return [field];
  if (!Array.isArray(field)) return [];
  if (field.every((item) => typeof item === 'number')) return field.length > 0 ? [Buffer.from(field).toString()] : [];
  return field.flatMap((item) => (Array.isArray(item) || typeof item === 'string' ? values(item) : []));
}

/** Whether a process of root's wrote it, as libvirt's daemons and their hooks are. */
export function isOfRoot(entry: Entry): boolean {
  return values(entry._UID)[0] === '0';
}

/** Whether a process of this unit wrote it, as "libvirt-vlan-exporter.service". */
export function isOfUnit(entry: Entry, unit: string): boolean {
  return values(entry._SYSTEMD_UNIT)[0] === unit;
}

/** Milliseconds since the epoch; 0 where it does not say. */
export function timeOf(entry: Entry): number {
  const micros = Number(values(entry.__REALTIME_TIMESTAMP)[0]);
  return Number.isSafeInteger(micros) ? Math.floor(micros / 1000) : 0;
}

/** What an entry says, on one line of at most 500 characters. */
export function oneLine(text: string): string {
  return cut(text.replace(/\s+/g, ' ').trim(), MAX_TEXT);
}
