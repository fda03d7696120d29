// A snapshot as JSON and back: what `snapshot` prints is a bug report, and a test case as it is. It has names, MAC and VLAN ids,
// and nothing else of a domain's XML: no secrets. The schema below is the one definition: the writer's type and the check follow
// from it. Keys that it does not have are refused: a snapshot of a newer version would be judged by half of what it says.
import * as v from 'valibot';
import { describe, formatPath } from '../config/problem.ts';
import { wholeFile } from '../config/read-file.ts';
import { type Entries, type Frozen, inWords, known, time } from '../model/json-file.ts';
import { compare } from '../model/order.ts';
import type {
  Bridge,
  CollectorRun,
  Domain,
  Fdb,
  Interface,
  LibvirtVlan,
  MetadataElement,
  Port,
  Reading,
  Snapshot,
} from '../model/snapshot.ts';
import { formatTable, formatVids, parseTable, type Vids, type VlanTable, vidsFrom } from '../model/vlan.ts';

/** The same snapshot gives the same text. What is unknown is left out. */
export function renderSnapshot(snapshot: Snapshot): string {
  const json: Frozen<v.InferInput<typeof snapshotJson>> = {
    version: 1,
    ...snapshot,
    vlans: mapReading(snapshot.vlans, tablesOut),
    fdb: snapshot.fdb && mapReading(snapshot.fdb, fdbOut),
  };
  return `${JSON.stringify(json, null, 2)}\n`;
}

/** What `renderSnapshot` wrote; `file` is its name in messages. Throws ConfigError, and nothing else, whatever the text. */
export function parseSnapshot(text: string, file: string): Snapshot {
  const { version: _, ...snapshot } = check(parseJson(text, file), file);
  return snapshot;
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const { message } = cause as Error;
    throw wholeFile(file, `expected JSON, as "snapshot" prints it: ${message}`, cause);
  }
}

function check(json: unknown, file: string): v.InferOutput<typeof snapshotJson> {
  try {
    const result = v.safeParse(snapshotJson, json, { abortEarly: true });
    if (result.success) return result.output;
    throw wholeFile(file, explain(result.issues[0]));
  } catch (cause) {
    // The check's recursion is as deep as the file's nesting.
    if (cause instanceof RangeError) throw wholeFile(file, 'nested too deeply for a snapshot', cause);
    throw cause;
  }
}

function explain({ path, expected, input, message }: v.BaseIssue<unknown>): string {
  const keys = (path ?? []).map(({ key }) => (typeof key === 'number' ? key : String(key)));
  const where = keys.length > 0 ? formatPath(keys) : 'the whole file';
  // valibot has `never` for a key that is not known, and its name in quotes for one that is missing.
  if (expected === 'never') return `${where}: unknown key; is it of a newer version?`;
  if (input === undefined && expected === `"${keys.at(-1)}"`) return `${where}: missing`;
  const ours = !message.startsWith('Invalid ');
  return `${where}: ${ours ? message : inWords(expected ?? '')}, found ${kindOrValue(input)}`;
}

function kindOrValue(input: unknown): string {
  if (Array.isArray(input)) return 'a list';
  return typeof input === 'object' && input !== null ? 'an object' : describe(input);
}

function mapReading<T, U>(from: Reading<T>, map: (value: T) => U): Reading<U> {
  return from.ok ? { ok: true, value: map(from.value) } : from;
}

function tablesOut(tables: ReadonlyMap<string, VlanTable>): Readonly<Record<string, string>> {
  const rows = [...tables].sort(([a], [b]) => compare(a, b));
  return Object.fromEntries(rows.map(([port, table]) => [port, formatTable(table)]));
}

function fdbOut(fdb: Fdb) {
  const rows = [...fdb].flatMap(([port, macs]) =>
    [...macs].map(([mac, vids]) => ({ port, mac, vlans: formatVids(vids) })),
  );
  return rows.sort((a, b) => compare(a.port, b.port) || compare(a.mac, b.mac));
}

const reading = <const S extends v.GenericSchema>(value: S) =>
  v.variant('ok', [
    v.strictObject({ ok: v.literal(true), value }),
    v.strictObject({ ok: v.literal(false), error: v.string() }),
  ]);

const PVID = 'expected a VLAN id from 1 to 4094, or 0 for none';
const pvid = v.pipe(v.number(), v.integer(PVID), v.minValue(0, PVID), v.maxValue(4094, PVID));

/** By port, as `formatTable` writes them. No v.record: it leaves out ports that are called "constructor". */
const tables = v.pipe(
  v.custom<Readonly<Record<string, string>>>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    'expected an object',
  ),
  v.rawTransform(({ dataset: { value }, addIssue, NEVER }) => {
    const read = new Map<string, VlanTable>();
    for (const [port, text] of Object.entries(value)) {
      try {
        read.set(port, parseTable(v.parse(v.string('expected a VLAN table as text'), text)));
      } catch (error) {
        const { message } = error as Error;
        addIssue({
          message,
          input: text,
          path: [{ type: 'object', origin: 'value', input: value, key: port, value: text }],
        });
        return NEVER;
      }
    }
    return read;
  }),
);

const port = v.strictObject({
  name: v.string(),
  mac: known(v.string()),
  tap: v.boolean(),
} satisfies Entries<Port>);

const bridge = v.strictObject({
  name: v.string(),
  vlanFiltering: known(v.boolean()),
  defaultPvid: known(pvid),
  vlanProtocol: v.optional(v.picklist(['802.1Q', '802.1ad'])),
  ports: v.array(port),
} satisfies Entries<Bridge>);

const metadataElement: v.GenericSchema<MetadataElement> = v.strictObject({
  name: v.string(),
  attributes: v.array(v.strictTuple([v.string(), v.string()])),
  children: v.array(v.lazy(() => metadataElement)),
  text: v.string(),
} satisfies Entries<MetadataElement>);

const libvirtVlan = v.strictObject({
  trunk: v.optional(v.string()),
  tags: v.array(v.strictObject({ id: v.optional(v.string()), nativeMode: v.optional(v.string()) })),
} satisfies Entries<LibvirtVlan>);

const domainInterface = v.strictObject({
  mac: v.string(),
  target: known(v.string()),
  bridge: known(v.string()),
  skipped: known(v.string()),
  network: v.optional(v.string()),
  portgroup: v.optional(v.string()),
  alias: v.optional(v.string()),
  vlan: v.optional(libvirtVlan),
  macTable: v.optional(v.literal('libvirt')),
  ethernet: v.optional(v.strictObject({ managed: v.boolean() })),
  device: v.optional(v.string()),
} satisfies Entries<Interface>);

const domain = v.strictObject({
  name: v.string(),
  uuid: known(v.string()),
  state: v.picklist(['running', 'defined', 'unknown']),
  problem: v.exactOptional(v.string()),
  stopped: v.exactOptional(v.literal(true)),
  died: v.exactOptional(v.literal(true)),
  file: v.optional(v.string()),
  interfaces: v.array(domainInterface),
  metadata: v.optional(
    v.union(
      [v.strictObject({ problem: v.string() }), v.strictObject({ elements: v.array(metadataElement) })],
      'expected an object with "problem" or "elements"',
    ),
  ),
} satisfies Entries<Domain>);

const collectorRun = v.strictObject({
  collector: v.picklist(['links', 'vlans', 'domains']),
  ok: v.boolean(),
  durationMs: v.number(),
} satisfies Entries<CollectorRun>);

/** Static FDB entries: `vlans` as `formatVids` writes them. */
const fdb = v.pipe(
  v.array(
    v.strictObject({
      port: v.string(),
      mac: v.string(),
      vlans: v.pipe(v.string(), v.regex(/^\d+(-\d+)?( \d+(-\d+)?)*$/, 'expected VLAN ids as "10 20-22"')),
    }),
  ),
  v.rawTransform(({ dataset: { value }, addIssue, NEVER }) => {
    const read = new Map<string, Map<string, Vids>>();
    for (const { port, mac, vlans } of value) {
      try {
        read.set(port, (read.get(port) ?? new Map()).set(mac, vidsFrom(parseTable(vlans))));
      } catch (error) {
        addIssue({ message: (error as Error).message, input: vlans });
        return NEVER;
      }
    }
    return read;
  }),
);

const snapshotJson = v.strictObject({
  version: v.literal(1),
  takenAt: time,
  links: reading(v.array(bridge)),
  vlans: reading(tables),
  domains: reading(v.array(domain)),
  fdb: v.optional(reading(fdb)),
  collectors: v.array(collectorRun),
} satisfies Entries<Snapshot & { version: 1 }>);
