// What an operator does by hand: `plan` and `heal`. Returns exit statuses.
import { setTimeout } from 'node:timers/promises';
import type { OperatorFlags } from '../commands/plan.ts';
import { loadSettings } from '../config/load.ts';
import type { Host } from '../host/host.ts';
import { journalEntry } from '../host/journal-write.ts';
import { createHost } from '../host/real.ts';
import { createSnapshotReader } from '../host/snapshot.ts';
import type { Decision, Outcome, Plan, Policy, Report, Unknown } from '../model.ts';
import { evaluate } from '../policy/evaluate.ts';
import { printable } from '../printable.ts';
import { formatTable } from '../vlan.ts';
import { bridgeCommand } from './changes.ts';
import { configure } from './configure.ts';
import { decisionOf } from './decision.ts';
import { type Locking, takeLock } from './lock.ts';
import { plan } from './plan.ts';
import { journalEntries } from './record.ts';

const CANNOT_TELL = 2;
const LOCK_WAIT_MS = 30_000;

export async function runPlan(domains: readonly string[], flags: OperatorFlags): Promise<number> {
  const host = createHost();
  const { policy } = loadSettings(host, flags['config.file']);
  const report = await read(host, policy);
  const planned = plan(report, domains);
  const unclear = unclearOf(report, domains);
  if (flags.format === 'json') print(JSON.stringify(planAsJson(planned, unclear), undefined, 2));
  else print(renderPlan(planned, unclear));
  if (unclear.length > 0) return CANNOT_TELL;
  return planned.vnets.length === 0 ? 0 : 1;
}

export async function runHeal(domains: readonly string[], flags: OperatorFlags): Promise<number> {
  const host = createHost();
  const { policy } = loadSettings(host, flags['config.file']);
  const lock = await waitForLock();
  if (!lock.held) {
    process.stderr.write(`libvirt-vlan-exporter: ${lock.holder} holds the lock on changes; nothing was changed\n`);
    return CANNOT_TELL;
  }
  const before = plan(await read(host, policy), domains);
  const outcomes = await configure(host, before.vnets);
  const after = await read(host, policy);
  await lock.release();
  const decisions = outcomes.map((outcome) => decisionOf(outcome, 'heal', host.now()));
  await writeJournal(host, decisions);
  const left = { ...plan(after, domains), vnets: [] };
  const unclear = unclearOf(after, domains);
  if (flags.format === 'json') print(JSON.stringify(healAsJson(decisions, left, unclear), undefined, 2));
  else print([...outcomes.map(renderOutcome), renderPlan(left, unclear)].filter((text) => text !== '').join('\n'));
  if (unclear.length > 0) return CANNOT_TELL;
  return isCompliant(after, domains) ? 0 : 1;
}

async function read(host: Host, policy: Policy): Promise<Report> {
  return evaluate(await createSnapshotReader(host)(policy), policy);
}

async function waitForLock(): Promise<Locking> {
  const until = Date.now() + LOCK_WAIT_MS;
  for (;;) {
    const lock = await takeLock(`heal, process ${process.pid}`);
    if (lock.held || Date.now() > until) return lock;
    await setTimeout(100);
  }
}

async function writeJournal(host: Host, decisions: readonly Decision[]): Promise<void> {
  for (const fields of journalEntries(decisions)) {
    const problem = await journalEntry(host, fields);
    if (problem !== undefined) process.stderr.write(`libvirt-vlan-exporter: not in the journal: ${problem}\n`);
  }
}

/** What makes the answer for these domains uncertain: readers that failed, domains that are not understood or not there. */
export function unclearOf(report: Report, domains: readonly string[]): readonly Unknown[] {
  const asked = (subject: string) => domains.some((domain) => subject === `domain ${domain}`);
  const unknowns = report.unknowns.filter(
    ({ subject }) => domains.length === 0 || !subject.startsWith('domain ') || asked(subject),
  );
  const known = new Set(report.bridges.flatMap((b) => [...b.vnets.map((v) => v.domain), ...b.expectedVnets.keys()]));
  const absent = domains.filter(
    (domain) => !known.has(domain) && !unknowns.some((u) => u.subject === `domain ${domain}`),
  );
  const problem = 'no running domain of this name has an interface on a bridge of the policy';
  return [...unknowns, ...absent.map((domain) => ({ subject: `domain ${domain}`, problem }))];
}

function isCompliant(report: Report, domains: readonly string[]): boolean {
  const findings = report.bridges.flatMap((bridge) => bridge.findings);
  return findings.every(({ domain }) => domains.length > 0 && domain !== undefined && !domains.includes(domain));
}

/** Comments and commands, so that a shell can run it. */
export function renderPlan({ vnets, refusals }: Plan, unclear: readonly Unknown[]): string {
  const lines = [
    ...vnets.flatMap(({ domain, vnet, bridge, before, after, changes }) => [
      `# ${printable(domain)}: ${vnet} on ${bridge}: ${formatTable(before)} -> ${formatTable(after)}`,
      ...changes.map(bridgeCommand),
    ]),
    ...refusals.map(({ domain, vnet, bridge, reason }) => {
      const subject = [domain, vnet].filter((name) => name !== undefined).join(' ');
      return `# left alone: ${subject === '' ? '' : `${printable(subject)} on `}${bridge}: ${printable(reason)}`;
    }),
    ...unclear.map(({ subject, problem }) => `# unknown: ${printable(subject)}: ${printable(problem)}`),
  ];
  return lines.join('\n');
}

function renderOutcome({ plan: { domain, vnet, bridge, before, after }, result, problem }: Outcome): string {
  const tables = `${formatTable(before)} -> ${formatTable(after)}`;
  return printable(
    `${domain}: ${vnet} on ${bridge}: ${result} ${tables}${problem === undefined ? '' : `: ${problem}`}`,
  );
}

function planAsJson({ vnets, refusals }: Plan, unknowns: readonly Unknown[]) {
  return {
    vnets: vnets.map(({ bridge, domain, vnet, mac, before, after, changes, inverse }) => ({
      bridge,
      domain,
      vnet,
      mac,
      before,
      after,
      commands: changes.map(bridgeCommand),
      inverse: inverse.map(bridgeCommand),
    })),
    refusals,
    unknowns,
  };
}

function healAsJson(decisions: readonly Decision[], { refusals }: Plan, unknowns: readonly Unknown[]) {
  return { outcomes: decisions, refusals, unknowns };
}

function print(text: string): void {
  if (text !== '') process.stdout.write(`${text}\n`);
}
