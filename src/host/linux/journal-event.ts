// One line of `journalctl -o json` → what the hook said, or nothing where it is no entry of the hook. Pure.
// Anybody may write an entry that looks like a hook's: only fields that begin with `_` are journald's own word. Hooks and libvirt's
// daemons run as root, so entries that are not of `_UID=0` do not count.
// Three writers are understood (systemd.journal-fields(7), journalctl(1) "-o json"):
//   ours             LIBVIRT_VLAN_DOMAIN and a real PRIORITY; LIBVIRT_VLAN_RUN=1 on one entry of each run
//   the original     `logger -t "libvirt-hook[NAME]"`: the name is in SYSLOG_PID up to systemd 259, in _CMDLINE later, and in
//                    MESSAGE where a space in it lost the identifier; PRIORITY is always 5, ERROR and WARN are text
//   libvirt itself   "Hook script execution failed: …": a hook that could not even run

import { WRITERS } from '../../model/history.ts';
import { LIBVIRT_DAEMONS } from '../../model/surroundings.ts';
import type { JournalQuery } from '../host.ts';
import { type Entry, isOfRoot, oneLine, parseEntry, timeOf, values } from './journal-entry.ts';

/** journald threw entries of libvirt's services away, because they came too fast: what the hook said may be among them. */
export interface Suppressed {
  readonly kind: 'suppressed';
  readonly cursor: string;
  readonly entries: number;
}

export interface HookEvent {
  readonly kind: 'hook';
  readonly cursor: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Empty where the entry does not say. */
  readonly domain: string;
  readonly severity: 'error' | 'warning' | 'info';
  /** Whether this entry stands for one run of the hook. */
  readonly run: boolean;
  /** As `oneLine` writes it. */
  readonly text: string;
}

/** The fields that are read. */
export const EVENT_FIELDS = [
  'MESSAGE',
  'PRIORITY',
  'SYSLOG_IDENTIFIER',
  'SYSLOG_PID',
  '_UID',
  '_PID',
  '_COMM',
  '_EXE',
  '_CMDLINE',
  '_TRANSPORT',
  'MESSAGE_ID',
  'N_DROPPED',
  'LIBVIRT_VLAN_DOMAIN',
  'LIBVIRT_VLAN_RUN',
] as const;

// What libvirt's daemons write themselves has no identifier: it is known by `_COMM`.
const LIBVIRT_UNITS = LIBVIRT_DAEMONS.map((name) => `${name}.service`);

// systemd/sd-messages.h: SD_MESSAGE_JOURNAL_DROPPED
const DROPPED = 'a596d6fe7bfa4994828e72309e95d61e';

/** The identifiers of all hooks: the config's, and our own hook's. */
export function allIdentifiers(configured: readonly string[]): readonly string[] {
  return [...new Set([...configured, WRITERS.hook])];
}

/**
 * The terms that select all entries that may be of interest, and some more. How many they are is up to the
 * config alone: an identifier in brackets, which no term can name, is found by its sender.
 */
export function journalTerms(identifiers: readonly string[]): JournalQuery['anyOf'] {
  const ofRoot = [
    ...identifiers.map((name) => `SYSLOG_IDENTIFIER=${name}`),
    // Of an original's entry that lost its identifier only the sender is left.
    '_COMM=logger',
    ...LIBVIRT_DAEMONS.map((name) => `_COMM=${name}`),
    // Whatever writes for a hook runs in the unit of the daemon that called it.
    ...LIBVIRT_UNITS.map((name) => `_SYSTEMD_UNIT=${name}`),
  ];
  return [...ofRoot.map((term) => ['_UID=0', term]), ['_TRANSPORT=driver', `MESSAGE_ID=${DROPPED}`]];
}

/** `identifiers`: the hook's, without brackets. undefined where the line is no entry of a hook, or no JSON at all. */
export function parseHookEvent(line: string, identifiers: readonly string[]): HookEvent | Suppressed | undefined {
  const entry = parseEntry(line);
  const cursor = entry && values(entry.__CURSOR)[0];
  if (!entry || !cursor) return undefined;
  const entries = suppressed(entry);
  if (entries > 0) return { kind: 'suppressed', cursor, entries };
  if (!isOfRoot(entry)) return undefined;
  const message = values(entry.MESSAGE).join('\n');
  const statement =
    fromLibvirt(entry, message) ?? fromOurs(entry, identifiers, message) ?? fromOther(entry, identifiers, message);
  if (!statement) return undefined;
  return { kind: 'hook', cursor, at: timeOf(entry), ...statement, text: oneLine(statement.text) };
}

type Statement = Pick<HookEvent, 'domain' | 'severity' | 'run' | 'text'>;

function fromOurs(entry: Entry, identifiers: readonly string[], text: string): Statement | undefined {
  const domain = values(entry.LIBVIRT_VLAN_DOMAIN)[0];
  if (domain === undefined || !values(entry.SYSLOG_IDENTIFIER).some((id) => identifiers.includes(id))) return undefined;
  return { domain, severity: bySyslog(entry), run: values(entry.LIBVIRT_VLAN_RUN)[0] === '1', text };
}

function fromOther(entry: Entry, identifiers: readonly string[], message: string): Statement | undefined {
  const names = values(entry.SYSLOG_IDENTIFIER);
  for (const id of identifiers) {
    const bracketed = names.map((name) => inBrackets(name, id)).find((name) => name !== undefined);
    if (bracketed !== undefined) return plain(entry, bracketed, message);
    if (names.includes(id)) return plain(entry, fromPid(entry) ?? fromCommand(entry, id) ?? '', message);
    // The identifier is lost where the name holds white space: journald takes it as a part of the message.
    const lost =
      names.length === 0 && values(entry._COMM)[0] === 'logger' && message.startsWith(`${id}[`)
        ? /^(.*?)\]: (.*)$/s.exec(message.slice(id.length + 1))
        : null;
    if (lost) return plain(entry, lost[1] ?? '', lost[2] ?? '');
  }
  return undefined;
}

function plain(entry: Entry, domain: string, text: string): Statement {
  const byText = /^ERROR\b/.test(text) ? 'error' : /^WARN(ING)?\b/.test(text) ? 'warning' : undefined;
  return { domain, severity: byText ?? bySyslog(entry), run: /^started\b.*\bwaiting for vnets\b/.test(text), text };
}

// The original always writes 5, but a copy of it with `logger -p user.err` does not.
function bySyslog(entry: Entry): Statement['severity'] {
  const priority = Number(values(entry.PRIORITY)[0] ?? '6');
  return priority <= 3 ? 'error' : priority === 4 ? 'warning' : 'info';
}

function inBrackets(identifier: string, id: string): string | undefined {
  return identifier.startsWith(`${id}[`) && identifier.endsWith(']') ? identifier.slice(id.length + 1, -1) : undefined;
}

// What stood in the brackets; `logger -i` puts its own process id there.
function fromPid(entry: Entry): string | undefined {
  const pid = values(entry.SYSLOG_PID)[0];
  return pid === values(entry._PID)[0] ? undefined : pid;
}

// As `logger -t libvirt-hook[web-1] ERROR: …`, where an argument with special characters stands in quotes.
function fromCommand(entry: Entry, id: string): string | undefined {
  const command = values(entry._CMDLINE)[0] ?? '';
  const begin = command.indexOf(`${id}[`);
  return begin < 0 ? undefined : /^(.*?)\](?:["']|\s|$)/s.exec(command.slice(begin + id.length + 1))?.[1];
}

// A word of a command as libvirt writes it (virBufferEscapeShell): one with special characters stands in quotes.
const WORD = String.raw`(?:'(?:[^']|'\\'')*'|[^\s'()]+)`;
// "Hook script execution failed: internal error: Child process (LC_ALL=C … /etc/libvirt/hooks/qemu NAME OPERATION SUBOPERATION EXTRA) …"
// (virhook.c, vircommand.c). From its beginning: anybody who may ask libvirt something makes it log an error that quotes him.
// Where libvirt logs to syslog or stderr, its own prefix stands before it (virLogFormatString).
const FAILED_CHILD = new RegExp(
  String.raw`^(?:(?:[-\d]{10} [:.\d]{12}\+\d{4}: )?\d+: error : \w+:\d+ : )?Hook script execution failed: internal error: Child process \((?:\w+=${WORD}? )*(?<file>${WORD}) (?<rest>.*)`,
  's',
);
const ARGUMENTS = new RegExp(`^(?<name>${WORD}) [a-z-]+ (?:begin|end) `);

function fromLibvirt(entry: Entry, message: string): Statement | undefined {
  const daemon = LIBVIRT_DAEMONS.find((name) => values(entry._COMM)[0] === name);
  if (daemon === undefined) return undefined;
  // A name is soon given; journald says which file runs, where it could still see that.
  const file = values(entry._EXE)[0];
  if (file !== undefined && !file.endsWith(`/${daemon}`)) return undefined;
  const { file: hook = '', rest = '' } = FAILED_CHILD.exec(message)?.groups ?? {};
  if (!/^\/(?:.*\/)?hooks\/qemu(?:\.d\/[^/]+)?$/s.test(unquoted(hook))) return undefined;
  // A long message is cut off, maybe in the middle of the name.
  const name = ARGUMENTS.exec(rest)?.groups?.name;
  return { domain: name === undefined ? '' : unquoted(name), severity: 'error', run: false, text: message };
}

function unquoted(word: string): string {
  return word.startsWith("'") ? word.slice(1, -1).replaceAll("'\\''", "'") : word;
}

// "Suppressed 120 messages from libvirtd.service", by journald itself: nobody else has that transport. N_DROPPED: systemd ≥ 235.
function suppressed(entry: Entry): number {
  if (values(entry._TRANSPORT)[0] !== 'driver' || values(entry.MESSAGE_ID)[0] !== DROPPED) return 0;
  const text = /^Suppressed (\d+) messages from (\S+)$/.exec(values(entry.MESSAGE)[0] ?? '');
  const [, count, unit = ''] = text ?? [];
  return LIBVIRT_UNITS.includes(unit) ? Number(values(entry.N_DROPPED)[0] ?? count) || 0 : 0;
}
