// A snapshot as JSON and back: what `snapshot` prints is a bug report, and a test case as it is. It has names, MAC and VLAN ids,
// and nothing else of a domain's XML: no secrets.

import {
  boolean,
  dictionary,
  either,
  list,
  number,
  object,
  only,
  optional,
  type Shape,
  string,
  tuple,
} from '../model/json-shape.ts';
import { compare } from '../model/order.ts';
import type { Bridge, CollectorRun, Domain, Reading, Snapshot } from '../model/snapshot.ts';
import { formatTable, parseTable, type VlanTable } from '../model/vlan.ts';

interface SnapshotJson {
  readonly version: 1;
  readonly takenAt: number;
  readonly links: Reading<readonly Bridge[]>;
  /** By port, as `formatTable` writes them. */
  readonly vlans: Reading<Readonly<Record<string, string>>>;
  readonly domains: Reading<readonly Domain[]>;
  readonly collectors: readonly CollectorRun[];
}

/** The same snapshot gives the same text. What is unknown is left out. */
export function renderSnapshot({ takenAt, links, vlans, domains, collectors }: Snapshot): string {
  const json: SnapshotJson = { version: 1, takenAt, links, vlans: mapReading(vlans, tablesOut), domains, collectors };
  return `${JSON.stringify(json, null, 2)}\n`;
}

/** What `renderSnapshot` wrote. Throws TypeError that names the place where the text is something else. */
export function parseSnapshot(text: string): Snapshot {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new TypeError(`snapshot: ${(cause as Error).message}`, { cause });
  }
  const problem = isSnapshot(json);
  if (problem !== undefined) throw new TypeError(`snapshot${problem}`);
  const { takenAt, links, vlans, domains, collectors } = json as SnapshotJson;
  return { takenAt, links, vlans: mapReading(vlans, tablesIn), domains, collectors };
}

function mapReading<T, U>(from: Reading<T>, map: (value: T) => U): Reading<U> {
  return from.ok ? { ok: true, value: map(from.value) } : from;
}

function tablesOut(tables: ReadonlyMap<string, VlanTable>): Readonly<Record<string, string>> {
  const rows = [...tables].sort(([a], [b]) => compare(a, b));
  return Object.fromEntries(rows.map(([port, table]) => [port, formatTable(table)]));
}

function tablesIn(tables: Readonly<Record<string, string>>): ReadonlyMap<string, VlanTable> {
  return new Map(Object.entries(tables).map(([port, text]) => [port, parseTable(text)]));
}

const reading = (value: Shape): Shape =>
  either(object({ ok: only(false), error: string }), object({ ok: only(true), value }));

const table: Shape = (value) => {
  try {
    parseTable(String(value));
    return undefined;
  } catch (error) {
    return `: ${(error as Error).message}`;
  }
};

const optionals = (...keys: readonly string[]) => Object.fromEntries(keys.map((key) => [key, optional(string)]));

const metadataElement: Shape = (value) =>
  object({
    name: string,
    attributes: list(tuple(string, string)),
    children: list(metadataElement),
    text: string,
  })(value);

const isSnapshot = object({
  version: only(1),
  takenAt: number,
  links: reading(
    list(
      object({
        name: string,
        vlanFiltering: optional(boolean),
        defaultPvid: optional(number),
        ports: list(object({ name: string, mac: optional(string), tap: boolean })),
      }),
    ),
  ),
  vlans: reading(dictionary(table)),
  domains: reading(
    list(
      object({
        name: string,
        uuid: optional(string),
        state: either(...['running', 'defined', 'unknown'].map(only)),
        problem: optional(string),
        metadata: optional(either(object({ problem: string }), object({ elements: list(metadataElement) }))),
        interfaces: list(
          object({
            mac: string,
            ...optionals('target', 'bridge', 'skipped', 'network', 'portgroup', 'alias', 'device'),
            vlan: optional(object({ trunk: optional(string), tags: list(object(optionals('id', 'nativeMode'))) })),
            macTable: optional(only('libvirt')),
            ethernet: optional(object({ managed: boolean })),
          }),
        ),
      }),
    ),
  ),
  collectors: list(
    object({ collector: either(...['links', 'vlans', 'domains'].map(only)), ok: boolean, durationMs: number }),
  ),
});
