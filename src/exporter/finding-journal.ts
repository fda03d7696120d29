// Writes what appeared and what is gone to the journal, for `history` and other readers: one entry each. An entry is a
// process, and a bridge that loses all VLANs has thousands of findings: beyond so many a minute they are counted, and told as counts.
import type { Host } from '../host/host.ts';
import {
  FINDING_MESSAGE_ID,
  FINDINGS_LEFT_OUT_MESSAGE_ID,
  type FindingEvent,
  findingFields,
} from '../model/finding-event.ts';
import { WRITERS } from '../model/history.ts';
import { type JournalFields, PRIORITY } from '../model/journal.ts';
import type { Log } from '../model/log.ts';
import { compare } from '../model/order.ts';
import type { Report } from '../model/report.ts';
import { findingChanges, type KnownFindings } from './finding-changes.ts';

const PER_MINUTE = 60;
const MINUTE_MS = 60_000;

export interface FindingJournal {
  /** To be called with the report of each audit. Nobody waits for the entries. */
  update(report: Report): void;
  /** Resolves when all that was to be written is, or could not be. */
  written(): Promise<void>;
}

/** `monotonic`: milliseconds, never set back. */
export function createFindingJournal(host: Host, log: Log, monotonic: () => number): FindingJournal {
  let known: KnownFindings | undefined;
  const select = createLimit(PER_MINUTE);
  let writing = Promise.resolve();
  let failing = false;
  const write = async (fields: JournalFields) => {
    const problem = await host.journal.write(fields);
    if (problem !== undefined && !failing) log.warn({ problem }, 'findings are not in the journal');
    failing = problem !== undefined;
  };
  return {
    update(report) {
      const changes = findingChanges(known, report);
      known = changes.known;
      for (const fields of select(changes.events, monotonic())) writing = writing.then(() => write(fields));
    },
    written: () => writing,
  };
}

/** The entries to write now: at most `perMinute` a minute, one that says so, and one that counts what was left out. */
export function createLimit(perMinute: number): (events: readonly FindingEvent[], at: number) => JournalFields[] {
  let begin = Number.NEGATIVE_INFINITY;
  let written = 0;
  let leftOut = new Map<string, number>();
  return (events, at) => {
    const entries: JournalFields[] = [];
    if (at - begin >= MINUTE_MS) {
      if (leftOut.size > 0) entries.push(leftOutEntry(leftOut));
      leftOut = new Map();
      begin = at;
      written = 0;
    }
    const room = perMinute - written;
    const [single, counted] = [events.slice(0, room), events.slice(room)];
    written += single.length;
    entries.push(...single.map(eventEntry));
    if (counted.length > 0 && leftOut.size === 0)
      entries.push(storm(`more than ${perMinute} in a minute, the rest is counted`));
    for (const { state, finding } of counted) {
      const what = `${finding.bridge}: ${finding.reason} ${state}`;
      leftOut.set(what, (leftOut.get(what) ?? 0) + 1);
    }
    return entries;
  };
}

function eventEntry(event: FindingEvent): JournalFields {
  const { domain, vnet, bridge, reason, expected, actual } = event.finding;
  const subject = [domain, vnet].filter((name) => name !== undefined).join(': ');
  const where = subject === '' ? bridge : `${subject} on ${bridge}`;
  const gone = event.state === 'gone';
  return {
    MESSAGE: gone ? `${where}: ${reason} is gone` : `${where}: ${reason}: expected ${expected}; actual ${actual}`,
    MESSAGE_ID: FINDING_MESSAGE_ID,
    PRIORITY: gone ? PRIORITY.info : PRIORITY.warning,
    SYSLOG_IDENTIFIER: WRITERS.exporter,
    ...findingFields(event),
  };
}

function leftOutEntry(leftOut: ReadonlyMap<string, number>): JournalFields {
  const counts = [...leftOut].sort(([a], [b]) => compare(a, b)).map(([what, count]) => `${what} ${count}`);
  return storm(`not written one by one: ${counts.join(', ')}`);
}

function storm(text: string): JournalFields {
  return {
    MESSAGE: `findings: ${text}`,
    MESSAGE_ID: FINDINGS_LEFT_OUT_MESSAGE_ID,
    PRIORITY: PRIORITY.warning,
    SYSLOG_IDENTIFIER: WRITERS.exporter,
  };
}
