// What the hook has to say of one run: one fact, one journal entry. Pure.
import { WRITERS } from '../model/history.ts';
import { type JournalFields, PRIORITY } from '../model/journal.ts';
import type { Outcome, Refusal } from '../model/plan.ts';
import type { Policy } from '../model/policy.ts';
import { type Finding, type VnetReport, vnetsOf } from '../model/report.ts';
import { formatTable, formatVids, pvidOf, vidsFrom } from '../model/vlan.ts';
import { eventFields, type VnetEvent } from '../model/vnet-event.ts';
import { subjectOf } from '../report/words.ts';
import type { Call, Operation } from './call.ts';
import type { Result } from './configure-domain.ts';

export interface Fact extends Omit<VnetEvent, 'domain' | 'durationMs'> {
  readonly severity: 'error' | 'warning' | 'info';
  readonly text: string;
  /** Reasons of the vnet's findings. */
  readonly findings?: readonly string[];
  /** Something is left to do, though that is no error yet. */
  readonly incomplete?: boolean;
}

/** The facts of a result, in report order. `missing`: what an absent tap means now. */
export function factsOf(
  operation: Operation,
  { report, plan, outcomes, missing }: Result,
  policy: Policy,
  absent: (finding: Finding) => Fact,
): readonly Fact[] {
  const vnets = vnetsOf(report);
  const right = vnets.filter(({ verdict }) => verdict === 'compliant');
  return [
    ...report.unknowns.map(
      (unknown): Fact => ({ severity: 'error', text: `${subjectOf(unknown)}: ${unknown.problem}` }),
    ),
    ...report.bridges.filter((bridge) => bridge.vlanFiltering === false).map((bridge) => notFiltering(bridge.name)),
    ...missing.map(absent),
    ...plan.refusals.filter(({ reason }) => !TOLD.has(reason)).map(refusalFact),
    ...outcomes.map((outcome) => outcomeFact(outcome, vnets, operation)),
    // At `started` all is said already, unless something had to be done again.
    ...(operation === 'started' ? [] : right.map(rightAlready)),
    ...(operation === 'start' ? vnets.filter((vnet) => isUnruled(vnet, policy)).map(unruled) : []),
  ];
}

/** What has a fact of its own, also where nothing is to be healed. */
const TOLD: ReadonlySet<Refusal['reason']> = new Set(['filtering_off', 'not_on_bridge']);

/** A tap that is not there, and nothing more to wait for. */
export function tapMissing(when: string): (finding: Finding) => Fact {
  return (finding) => ({
    ...absent(finding, `expected ${finding.expected}, but ${finding.actual} ${when}`),
    severity: 'error',
  });
}

/** A tap that went with its VM, while the hook looked. */
export function tapGone(finding: Finding): Fact {
  return absent(finding, `${finding.actual}: the VM has ended`);
}

/** A tap that is not there yet. */
export function tapAwaited(finding: Finding): Fact {
  return { ...absent(finding, `${finding.actual} yet; looking again when it has started`), incomplete: true };
}

function absent({ bridge, vnet, reason }: Finding, text: string): Fact {
  return { severity: 'info', outcome: 'absent', bridge, vnet, findings: [reason], text };
}

/** The entry of a fact. `run`: it stands for one run of the hook. `milliseconds` since the hook was called. */
export function entryOf(
  fact: Fact,
  call: Pick<Call, 'guest' | 'operation'>,
  milliseconds: number,
  run: boolean,
): JournalFields {
  const prefix = { error: 'ERROR: ', warning: 'WARN: ', info: '' }[fact.severity];
  return {
    MESSAGE: `${prefix}${call.operation}: ${fact.text}`.slice(0, MAX_MESSAGE),
    PRIORITY: PRIORITY[fact.severity],
    SYSLOG_IDENTIFIER: [WRITERS.hook, `${WRITERS.hook}[${call.guest}]`],
    ...eventFields({ ...fact, domain: call.guest, durationMs: milliseconds }),
    LIBVIRT_VLAN_OPERATION: call.operation,
    LIBVIRT_VLAN_FINDING: fact.findings,
    LIBVIRT_VLAN_RUN: run ? 1 : undefined,
  };
}

// `journalctl -o json` leaves out longer fields unless it is told not to.
const MAX_MESSAGE = 3_000;

function outcomeFact({ plan, result, problem }: Outcome, vnets: readonly VnetReport[], operation: Operation): Fact {
  const { bridge, vnet } = plan;
  const report = vnets.find((candidate) => candidate.vnet === vnet) as VnetReport;
  const [before, after] = [formatTable(plan.before), formatTable(plan.after)];
  const findings = report.findings.map((finding) => finding.reason);
  const fact = { outcome: result, bridge, vnet, before, after, findings };
  if (result === 'verified') {
    const ids = formatVids(vidsFrom(plan.after));
    const pvid = pvidOf(plan.after) ?? 'none';
    const text = `${vnet} on ${bridge}: VLANs ${ids}, PVID ${pvid} (rule ${report.expected.rule}); was ${before}`;
    return { ...fact, severity: 'info', text };
  }
  if (result === 'vanished') {
    // Of a VM that runs, an interface that is unplugged goes, and all go when it ends.
    const severity = operation === 'start' ? 'warning' : 'info';
    return { ...fact, severity, text: `${vnet} on ${bridge}: gone before it was configured` };
  }
  return { ...fact, severity: 'error', text: `${vnet} on ${bridge}: ${result}: ${problem}` };
}

function refusalFact({ bridge, vnet, reason, text }: Refusal): Fact {
  // A VLAN that stays because the policy says so is no failure of the hook's.
  const severity = reason === 'vlan_unexpected' ? 'warning' : 'error';
  return { severity, outcome: 'refused', bridge, vnet, text: `${vnet} on ${bridge} left alone: ${reason}: ${text}` };
}

function notFiltering(bridge: string): Fact {
  const text = `${bridge} enforces no VLAN (vlan_filtering 0)`;
  return { severity: 'error', bridge, findings: ['filtering_off'], text };
}

function rightAlready({ bridge, vnet, actual }: VnetReport): Fact {
  const is = formatTable(actual ?? []);
  const text = `${vnet} on ${bridge}: right already, ${is}`;
  return { severity: 'info', outcome: 'compliant', bridge, vnet, before: is, after: is, text };
}

// As the original warns of a VM that is not in its list: a new VM that nobody entered was the incident.
function isUnruled({ bridge, expected }: VnetReport, policy: Policy): boolean {
  return expected.rule === 'default' && (policy.bridges.find(({ name }) => name === bridge)?.rules.length ?? 0) > 0;
}

function unruled({ bridge, vnet, expected }: VnetReport): Fact {
  const pvid = pvidOf(expected.table) ?? 'none';
  return {
    severity: 'warning',
    bridge,
    vnet,
    text: `no rule of ${bridge} names this VM: PVID ${pvid} by default, verify that it is right`,
  };
}
