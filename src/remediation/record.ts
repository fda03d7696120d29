// The remediator's decisions as journal entries: `journalctl -t libvirt-vlan-remediator`, and by field,
// `journalctl LIBVIRT_VLAN_DOMAIN=vyos-01`.

import { groupBy } from '../model/group-by.ts';
import { WRITERS } from '../model/history.ts';
import { type JournalFields, PRIORITY } from '../model/journal.ts';
import type { Decision } from '../model/remediator-status.ts';
import { eventFields } from '../model/vnet-event.ts';

const IDENTIFIER = WRITERS.remediator;

// Each entry is a process of its own: above this, those of one bridge and outcome share an entry.
const SINGLE_ENTRIES = 20;

/** One entry for each decision; where there are many, one for each bridge and outcome, with all vnets in it. */
export function journalEntries(decisions: readonly Decision[]): readonly JournalFields[] {
  if (decisions.length <= SINGLE_ENTRIES) return decisions.map(entry);
  const groups = groupBy(decisions, ({ bridge, outcome, trigger }) => [bridge, outcome, trigger].join('\n'));
  return [...groups.values()].map((group) => (group.length === 1 ? entry(group[0]) : groupEntry(group)));
}

function entry(d: Decision): JournalFields {
  return {
    MESSAGE: `${sentence(d)}${d.problem === undefined ? '' : `: ${d.problem}`}`,
    PRIORITY: priorityOf(d),
    SYSLOG_IDENTIFIER: IDENTIFIER,
    ...eventFields(d),
    LIBVIRT_VLAN_AT: d.at,
    LIBVIRT_VLAN_TRIGGER: d.trigger,
    LIBVIRT_VLAN_FINDING: d.reasons,
    LIBVIRT_VLAN_COMMAND: d.commands,
    LIBVIRT_VLAN_PROBLEM: d.problem,
  };
}

function groupEntry(group: readonly [Decision, ...Decision[]]): JournalFields {
  const [first] = group;
  const slowest = group.reduce((ms, d) => Math.max(ms, d.durationMs ?? 0), 0);
  const problem = group.find((d) => d.problem !== undefined)?.problem;
  return {
    MESSAGE: `${first.bridge}: ${group.length} vnets ${first.outcome}${problem === undefined ? '' : `, the first: ${problem}`}`,
    PRIORITY: priorityOf(first),
    SYSLOG_IDENTIFIER: IDENTIFIER,
    LIBVIRT_VLAN_AT: first.at,
    LIBVIRT_VLAN_BRIDGE: first.bridge,
    LIBVIRT_VLAN_TRIGGER: first.trigger,
    LIBVIRT_VLAN_OUTCOME: first.outcome,
    // In one field: journald takes no entry of more than 1024.
    LIBVIRT_VLAN_DECISIONS: plainJson(
      group.map(({ domain, vnet, before, after, at, reasons }) => [domain, vnet, before, after, at, reasons]),
    ),
    LIBVIRT_VLAN_DURATION_MS: slowest,
  };
}

// JSON in ASCII: a character that is shown by its number, as the journal's writer does, would make it something else.
function plainJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function sentence({ domain, bridge, vnet, before, after, outcome }: Decision): string {
  const subject = `${domain}: ${vnet} on ${bridge}`;
  if (outcome === 'verified') return `${subject} healed: ${before} -> ${after}`;
  return `${subject} ${outcome}: is ${before}, should be ${after}`;
}

function priorityOf({ outcome }: Decision): number {
  if (outcome === 'failed' || outcome === 'reverted' || outcome === 'suspended') return PRIORITY.error;
  if (outcome === 'held') return PRIORITY.warning;
  return outcome === 'verified' ? PRIORITY.notice : PRIORITY.info;
}
