// Writes what appeared and what is gone to the journal, for `history` and other readers: one entry each. An entry is a
// process, and a bridge that loses all VLANs has thousands of findings: beyond so many a minute they are counted, and told as counts.
// Each domain has its share of them, so that one whose findings come and go all the time does not hide the others'.
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
import { REASON } from '../model/reasons.ts';
import type { Report } from '../model/report.ts';
import { findingChanges, type KnownFindings } from './finding-changes.ts';
import { settle, type Waiting } from './settling.ts';

const PER_MINUTE = 60;
const PER_DOMAIN = 12;
const MINUTE_MS = 60_000;
/** Domains that a count names. */
const SHOWN = 5;

export interface FindingJournal {
  /** To be called with the report of each audit. Nobody waits for the entries. */
  update(report: Report): void;
  /** Resolves when all that was to be written is, or could not be. */
  written(): Promise<void>;
}

/** `monotonic`: milliseconds, never set back. */
export function createFindingJournal(host: Host, log: Log, monotonic: () => number): FindingJournal {
  let known: KnownFindings | undefined;
  let waiting: Waiting = new Map();
  const select = createLimit(PER_MINUTE, PER_DOMAIN);
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
      const now = monotonic();
      const settled = settle(waiting, changes.events, report, now);
      waiting = settled.waiting;
      for (const fields of select(settled.events, now)) writing = writing.then(() => write(fields));
    },
    written: () => writing,
  };
}

/**
 * The entries to write now, what is critical first: at most `perMinute` a minute, `perDomain` of them of one domain, and as many of no
 * domain; then what says that there were more. The next minute begins with a count of what was left out.
 */
export function createLimit(
  perMinute: number,
  perDomain: number,
): (events: readonly FindingEvent[], at: number) => JournalFields[] {
  let begin = Number.NEGATIVE_INFINITY;
  let minute = emptyMinute();
  return (events, at) => {
    const entries: JournalFields[] = [];
    if (at - begin >= MINUTE_MS) {
      if (minute.leftOut.size > 0) entries.push(leftOutEntry(minute));
      begin = at;
      minute = emptyMinute();
    }
    const { written, leftOut, leftOutOf, told } = minute;
    const notices: JournalFields[] = [];
    for (const event of gravestFirst(events)) {
      const { domain, bridge, reason } = event.finding;
      const ofDomain = written.get(domain) ?? 0;
      const limit = limitReached(domain, ofDomain);
      if (limit === undefined) {
        minute.count++;
        written.set(domain, ofDomain + 1);
        entries.push(eventEntry(event));
        continue;
      }
      add(leftOut, `${bridge}: ${reason} ${event.state}`);
      if (domain !== undefined) add(leftOutOf, domain);
      const key = JSON.stringify(limit);
      if (told.has(key)) continue;
      told.add(key);
      notices.push({ ...storm(`more than ${limit.text}, the rest is counted`), LIBVIRT_VLAN_DOMAIN: limit.of });
    }
    return [...entries, ...notices];
  };

  function limitReached(domain: string | undefined, ofDomain: number) {
    if (minute.count >= perMinute) return { text: `${perMinute} in a minute`, of: undefined };
    return ofDomain >= perDomain ? { text: `${perDomain} in a minute of one domain`, of: domain } : undefined;
  }
}

interface Minute {
  count: number;
  readonly written: Map<string | undefined, number>;
  readonly leftOut: Map<string, number>;
  /** By domain. */
  readonly leftOutOf: Map<string, number>;
  /** The limits that were told of, a domain's own by its name. */
  readonly told: Set<string>;
}

const emptyMinute = (): Minute => ({
  count: 0,
  written: new Map(),
  leftOut: new Map(),
  leftOutOf: new Map(),
  told: new Set(),
});

function gravestFirst(events: readonly FindingEvent[]): readonly FindingEvent[] {
  const isCritical = ({ finding }: FindingEvent) => REASON[finding.reason].severity === 'critical';
  return [...events.filter(isCritical), ...events.filter((event) => !isCritical(event))];
}

function add(counts: Map<string, number>, what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1);
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

function leftOutEntry({ leftOut, leftOutOf }: Minute): JournalFields {
  const counts = [...leftOut].sort(([a], [b]) => compare(a, b)).map(withCount);
  const domains = [...leftOutOf].sort(([a, n], [b, m]) => m - n || compare(a, b)).map(withCount);
  const more = domains.length > SHOWN ? ` and ${domains.length - SHOWN} more` : '';
  const of = domains.length > 0 ? `; of ${domains.slice(0, SHOWN).join(', ')}${more}` : '';
  return storm(`not written one by one: ${counts.join(', ')}${of}`);
}

function withCount([what, count]: readonly [string, number]): string {
  return `${what} ${count}`;
}

function storm(text: string): JournalFields {
  return {
    MESSAGE: `findings: ${text}`,
    MESSAGE_ID: FINDINGS_LEFT_OUT_MESSAGE_ID,
    PRIORITY: PRIORITY.warning,
    SYSLOG_IDENTIFIER: WRITERS.exporter,
  };
}
