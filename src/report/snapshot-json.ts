// A snapshot as JSON and back: what `snapshot` prints is a bug report, and a test case as it is. It has names, MAC and VLAN ids,
// and nothing else of a domain's XML: no secrets.
import type { Bridge, CollectorRun, Domain, Interface, Port, Reading, Snapshot } from '../model.ts';
import { formatTable, parseTable, type VlanTable } from '../vlan.ts';

const VERSION = 1;

/** The same snapshot gives the same text. Tables are written as `formatTable` has them; what is unknown is left out. */
export function renderSnapshot(snapshot: Snapshot): string {
  const { takenAt, links, vlans, domains, collectors } = snapshot;
  const tables = mapReading(vlans, (table) => {
    const rows = [...table].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return Object.fromEntries(rows.map(([port, entries]) => [port, formatTable(entries)]));
  });
  return `${JSON.stringify({ version: VERSION, takenAt, links, vlans: tables, domains, collectors }, null, 2)}\n`;
}

/** What `renderSnapshot` wrote. Throws TypeError that names the place where the text is something else. */
export function parseSnapshot(text: string): Snapshot {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new TypeError(`snapshot: not JSON: ${(cause as Error).message}`, { cause });
  }
  const { version, takenAt, links, vlans, domains, collectors } = record(json, 'snapshot');
  if (version !== VERSION)
    throw new TypeError(`snapshot.version: expected ${VERSION}, found ${JSON.stringify(version)}`);
  return {
    takenAt: number(takenAt, 'takenAt'),
    links: reading(links, 'links', (value, at) => list(value, at, bridge)),
    vlans: reading(vlans, 'vlans', tables),
    domains: reading(domains, 'domains', (value, at) => list(value, at, domain)),
    collectors: list(collectors, 'collectors', collector),
  };
}

function mapReading<T, U>(from: Reading<T>, map: (value: T) => U): Reading<U> {
  return from.ok ? { ok: true, value: map(from.value) } : from;
}

function reading<T>(json: unknown, at: string, read: (value: unknown, at: string) => T): Reading<T> {
  const { ok, value, error } = record(json, at);
  return bool(ok, `${at}.ok`)
    ? { ok: true, value: read(value, `${at}.value`) }
    : { ok: false, error: string(error, `${at}.error`) };
}

function bridge(json: unknown, at: string): Bridge {
  const { name, vlanFiltering, defaultPvid, ports } = record(json, at);
  return {
    name: string(name, `${at}.name`),
    vlanFiltering: maybe(vlanFiltering, `${at}.vlanFiltering`, bool),
    defaultPvid: maybe(defaultPvid, `${at}.defaultPvid`, number),
    ports: list(ports, `${at}.ports`, port),
  };
}

function port(json: unknown, at: string): Port {
  const { name, mac, tap } = record(json, at);
  return { name: string(name, `${at}.name`), mac: maybe(mac, `${at}.mac`, string), tap: bool(tap, `${at}.tap`) };
}

function tables(json: unknown, at: string): ReadonlyMap<string, VlanTable> {
  const entries = Object.entries(record(json, at)).map(([port, text]): [string, VlanTable] => {
    try {
      return [port, parseTable(string(text, `${at}.${port}`))];
    } catch (cause) {
      throw new TypeError(`${at}.${port}: ${(cause as Error).message}`, { cause });
    }
  });
  return new Map(entries);
}

function domain(json: unknown, at: string): Domain {
  const { name, uuid, state, problem, interfaces } = record(json, at);
  return {
    name: string(name, `${at}.name`),
    uuid: maybe(uuid, `${at}.uuid`, string),
    state: oneOf(state, `${at}.state`, ['running', 'defined', 'unknown']),
    ...(problem === undefined ? {} : { problem: string(problem, `${at}.problem`) }),
    interfaces: list(interfaces, `${at}.interfaces`, iface),
  };
}

function iface(json: unknown, at: string): Interface {
  const { mac, target, bridge, skipped } = record(json, at);
  return {
    mac: string(mac, `${at}.mac`),
    target: maybe(target, `${at}.target`, string),
    bridge: maybe(bridge, `${at}.bridge`, string),
    skipped: maybe(skipped, `${at}.skipped`, string),
  };
}

function collector(json: unknown, at: string): CollectorRun {
  const { collector: name, ok, durationMs } = record(json, at);
  return {
    collector: oneOf(name, `${at}.collector`, ['links', 'vlans', 'domains']),
    ok: bool(ok, `${at}.ok`),
    durationMs: number(durationMs, `${at}.durationMs`),
  };
}

function record(json: unknown, at: string): Readonly<Record<string, unknown>> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw wrong(json, at, 'an object');
  return json as Record<string, unknown>;
}

function list<T>(json: unknown, at: string, read: (item: unknown, at: string) => T): readonly T[] {
  if (!Array.isArray(json)) throw wrong(json, at, 'a list');
  return json.map((item, i) => read(item, `${at}[${i}]`));
}

function maybe<T>(json: unknown, at: string, read: (json: unknown, at: string) => T): T | undefined {
  return json === undefined || json === null ? undefined : read(json, at);
}

function string(json: unknown, at: string): string {
  if (typeof json !== 'string') throw wrong(json, at, 'a text');
  return json;
}

function number(json: unknown, at: string): number {
  if (typeof json !== 'number') throw wrong(json, at, 'a number');
  return json;
}

function bool(json: unknown, at: string): boolean {
  if (typeof json !== 'boolean') throw wrong(json, at, 'true or false');
  return json;
}

function oneOf<T extends string>(json: unknown, at: string, words: readonly T[]): T {
  const word = words.find((candidate) => candidate === json);
  if (word === undefined) throw wrong(json, at, `one of ${words.join(', ')}`);
  return word;
}

function wrong(json: unknown, at: string, expected: string): TypeError {
  return new TypeError(`${at}: expected ${expected}, found ${JSON.stringify(json)?.slice(0, 60) ?? 'nothing'}`);
}
