// What hook, remediator and exporter wrote of vnets, read from the journal once. Whose an entry is, only journald's own fields tell:
// the hook's and an operator's `heal` are root's, a daemon's are of its unit. The daemons write through `logger`: in a third of the
// cases it has ended when journald looks up its unit (systemd 252 on a busy host). Its user id is known in any case, and which one a
// daemon has is learned from its log, of which journald always knows the unit.
import { FINDING_MESSAGE_ID, FINDINGS_LEFT_OUT_MESSAGE_ID, type FindingState } from '../../model/finding-event.ts';
import { type History, type HistoryEvent, type HistoryKind, WRITERS, type Writer } from '../../model/history.ts';
import { orUndefined, type Reading } from '../../model/snapshot.ts';
import { VNET_OUTCOMES } from '../../model/vnet-event.ts';
import type { Host, JournalQuery } from '../host.ts';
import { type Entry, isOfRoot, isOfUnit, oneLine, parseEntry, timeOf, values } from './journal-entry.ts';

const TIMEOUT_MS = 60_000;
const MAX_ENTRIES = 50_000;
// libvirt waits 10 s; each entry has its own process, and journald may be slow.
const MAX_RUN_MS = 60_000;
const MAX_LAG_MS = 10 * 60_000;
const DAEMONS = ['remediator', 'exporter'] as const;
const WRITER_NAMES = ['hook', ...DAEMONS] as const;

/** User ids of the daemons, beside root's. */
export type DaemonUids = Readonly<Record<(typeof DAEMONS)[number], ReadonlySet<string>>>;

/** All that happened since then, milliseconds since the epoch. Never rejects. */
export async function readHistory(host: Host, since: number): Promise<Reading<History>> {
  const uids = await readUids(host);
  if (!uids.ok) return uids;
  const query = { anyOf: terms(uids.value), fields: FIELDS, since, last: MAX_ENTRIES };
  const read = await host.journal.read(query, TIMEOUT_MS);
  if (!read.ok) return read;
  return { ok: true, value: { events: parseHistory(read.value, uids.value), cut: read.value.length >= MAX_ENTRIES } };
}

/** The events of these lines of `journalctl -o json` in the order of their time; what none of ours wrote is left out. */
export function parseHistory(lines: readonly string[], uids: DaemonUids): readonly HistoryEvent[] {
  // Until when, of a domain of which a run of the hook is being told: the last of a run's entries says that it is one, and may be lost.
  const starting = new Map<string, number>();
  const all = lines.flatMap((line) => {
    const entry = parseEntry(line);
    const by = entry && writerOf(entry, uids);
    if (!entry || !by) return [];
    const events = by === 'exporter' ? ofExporter(entry) : by === 'remediator' ? ofRemediator(entry) : ofHook(entry);
    if (by !== 'hook') return events;
    const domain = one(entry, 'LIBVIRT_VLAN_DOMAIN') ?? '';
    const at = timeOf(entry);
    const begins = one(entry, 'LIBVIRT_VLAN_OPERATION') === 'start' && !(at < (starting.get(domain) ?? 0));
    if (begins) starting.set(domain, at + MAX_RUN_MS);
    if (one(entry, 'LIBVIRT_VLAN_RUN') === '1') starting.delete(domain);
    const nothing = { bridge: undefined, vnet: undefined, before: undefined, after: undefined, reasons: [] };
    return begins ? [{ ...eventOf(entry, by, 'started'), ...nothing, text: '' }, ...events] : events;
  });
  return all.sort((a, b) => a.at - b.at);
}

const FIELDS = [
  ...['MESSAGE', 'MESSAGE_ID', 'PRIORITY', 'SYSLOG_IDENTIFIER', '_UID', '_SYSTEMD_UNIT'],
  ...['DOMAIN', 'BRIDGE', 'VNET', 'OUTCOME', 'BEFORE', 'AFTER', 'OPERATION', 'RUN', 'FINDING', 'STATE'].map(ours),
  ...['EXPECTED', 'ACTUAL', 'DECISIONS', 'AT', 'TRIGGER', 'PROBLEM'].map(ours),
];

function ours(name: string): string {
  return `LIBVIRT_VLAN_${name}`;
}

function terms(uids: DaemonUids): JournalQuery['anyOf'] {
  const ofRoot = Object.values(WRITERS).map((name) => ['_UID=0', `SYSLOG_IDENTIFIER=${name}`]);
  const ofDaemons = DAEMONS.flatMap((daemon) => {
    const identifier = `SYSLOG_IDENTIFIER=${WRITERS[daemon]}`;
    const users = [...uids[daemon]].map((uid) => [`_UID=${uid}`, identifier]);
    return [[`_SYSTEMD_UNIT=${WRITERS[daemon]}.service`, identifier], ...users];
  });
  return [...ofRoot, ...ofDaemons];
}

/** From the last entries of each unit that journald knows to be of it. */
async function readUids(host: Host): Promise<Reading<DaemonUids>> {
  const [remediator, exporter] = await Promise.all([uidsOf(host, 'remediator'), uidsOf(host, 'exporter')]);
  if (!remediator.ok) return remediator;
  if (!exporter.ok) return exporter;
  return { ok: true, value: { remediator: remediator.value, exporter: exporter.value } };
}

async function uidsOf(host: Host, daemon: Writer): Promise<Reading<ReadonlySet<string>>> {
  const unit = `${WRITERS[daemon]}.service`;
  const query = { anyOf: [[`_SYSTEMD_UNIT=${unit}`]], fields: ['_UID', '_SYSTEMD_UNIT'], last: 1000 };
  const read = await host.journal.read(query, TIMEOUT_MS);
  if (!read.ok) return read;
  const uids = read.value.flatMap((line) => {
    const entry = parseEntry(line);
    return entry && isOfUnit(entry, unit) ? (values(entry._UID)[0] ?? []) : [];
  });
  return { ok: true, value: new Set(uids) };
}

function writerOf(entry: Entry, uids: DaemonUids): Writer | undefined {
  const identifiers = values(entry.SYSLOG_IDENTIFIER);
  const writer = WRITER_NAMES.find((name) => identifiers.includes(WRITERS[name]));
  if (!writer || isOfRoot(entry)) return writer;
  if (writer === 'hook') return undefined;
  const isItsUser = uids[writer].has(values(entry._UID)[0] ?? '');
  return isItsUser || isOfUnit(entry, `${WRITERS[writer]}.service`) ? writer : undefined;
}

function ofExporter(entry: Entry): readonly HistoryEvent[] {
  const id = one(entry, 'MESSAGE_ID');
  if (id === FINDINGS_LEFT_OUT_MESSAGE_ID) return [eventOf(entry, 'exporter', 'left_out')];
  if (id !== FINDING_MESSAGE_ID) return [];
  const kind = FINDING_KINDS.get(one(entry, 'LIBVIRT_VLAN_STATE'));
  return kind ? [eventOf(entry, 'exporter', kind)] : [];
}

function ofRemediator(entry: Entry): readonly HistoryEvent[] {
  const kind = outcomeOf(entry);
  if (!kind) return [];
  const by = one(entry, 'LIBVIRT_VLAN_TRIGGER') === 'heal' ? 'heal' : 'remediator';
  const event = eventOf(entry, by, kind === 'configured' ? 'healed' : kind);
  const many = decisionsOf(one(entry, 'LIBVIRT_VLAN_DECISIONS'), (at) =>
    at === undefined ? event.at : momentOf(entry, at),
  );
  return many.length > 0 ? many.map((decision) => ({ ...event, ...decision, text: '' })) : [event];
}

function ofHook(entry: Entry): readonly HistoryEvent[] {
  const kind = outcomeOf(entry) ?? PRIORITIES.get(one(entry, 'PRIORITY'));
  return kind && one(entry, 'LIBVIRT_VLAN_DOMAIN') !== undefined ? [eventOf(entry, 'hook', kind)] : [];
}

const FINDING_KIND: Readonly<Record<FindingState, HistoryKind>> = {
  found: 'found',
  appeared: 'drifted',
  changed: 'drifted',
  gone: 'cleared',
};
const FINDING_KINDS: ReadonlyMap<string | undefined, HistoryKind> = new Map(Object.entries(FINDING_KIND));

/** What happened, as of the hook. */
function outcomeOf(entry: Entry): HistoryKind | undefined {
  const outcome = VNET_OUTCOMES.find((known) => known === one(entry, 'LIBVIRT_VLAN_OUTCOME'));
  return outcome === 'verified' || outcome === 'compliant' ? 'configured' : outcome;
}

// Of an entry of the hook about no outcome.
const PRIORITIES: ReadonlyMap<string | undefined, HistoryKind> = new Map([
  ['3', 'error'],
  ['4', 'warning'],
]);

function eventOf(entry: Entry, by: HistoryEvent['by'], kind: HistoryKind): HistoryEvent {
  const field = (name: string) => one(entry, ours(name));
  const problem = field('PROBLEM');
  return {
    at: momentOf(entry),
    by,
    kind,
    domain: field('DOMAIN'),
    bridge: field('BRIDGE'),
    vnet: field('VNET'),
    reasons: values(entry.LIBVIRT_VLAN_FINDING),
    expected: field('EXPECTED'),
    actual: field('ACTUAL'),
    before: field('BEFORE'),
    after: field('AFTER'),
    problem: problem === undefined ? undefined : oneLine(problem),
    text: oneLine(values(entry.MESSAGE).join(' ')),
  };
}

// When it happened: an entry is a process, which on a busy host starts seconds later. Not after journald had it, nor long before.
function momentOf(entry: Entry, told: unknown = one(entry, 'LIBVIRT_VLAN_AT')): number {
  const written = timeOf(entry);
  const at = Number(told);
  return Number.isSafeInteger(at) && at <= written && at > written - MAX_LAG_MS ? at : written;
}

/** Where one entry stands for many vnets, see remediation/record.ts. */
function decisionsOf(
  text = '',
  moment: (at: unknown) => number,
): readonly Pick<HistoryEvent, 'domain' | 'vnet' | 'before' | 'after' | 'at' | 'reasons'>[] {
  const list = orUndefined(() => (JSON.parse(text) as unknown[]).flatMap((item) => decisionFrom(item, moment)));
  return list ?? [];
}

// An older version wrote neither the moment of each nor its reasons.
function decisionFrom(item: unknown, moment: (at: unknown) => number) {
  const words: readonly unknown[] = Array.isArray(item) ? item.slice(0, 4) : [];
  if (words.length !== 4 || !words.every((part) => typeof part === 'string')) return [];
  const [domain, vnet, before, after, at, why] = item as [string, string, string, string, unknown, unknown];
  const reasons = Array.isArray(why) ? why.filter((reason) => typeof reason === 'string') : [];
  return [{ domain, vnet, before, after, at: moment(at), reasons }];
}

function one(entry: Entry, field: string): string | undefined {
  return values(entry[field])[0];
}
