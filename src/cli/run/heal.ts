// `heal`: one cycle by an operator's hand, without the guard, in turns with the remediator.
import { setTimeout } from 'node:timers/promises';
import { loadSettings } from '../../config/load.ts';
import type { Host } from '../../host/host.ts';
import { journalEntry } from '../../host/linux/journal-write.ts';
import { createSnapshotReader } from '../../host/snapshot.ts';
import type { Outcome } from '../../model/plan.ts';
import type { Policy } from '../../model/policy.ts';
import { printable } from '../../model/printable.ts';
import type { Decision } from '../../model/remediator-status.ts';
import { formatTable } from '../../model/vlan.ts';
import { evaluate } from '../../policy/evaluate.ts';
import { configure } from '../../remediation/configure.ts';
import { decisionOf } from '../../remediation/decision.ts';
import { type Locking, takeLock } from '../../remediation/lock.ts';
import { plan } from '../../remediation/plan.ts';
import { journalEntries } from '../../remediation/record.ts';
import { selectDomains } from '../../report/select.ts';
import { summarize, toneOf } from '../../report/summary.ts';
import type { PlanOptions } from '../plan.ts';
import { unknownNames } from './named.ts';
import { print, tell } from './output.ts';
import { renderPlan } from './plan.ts';

// As `check`: drift beats unknown, it is certain.
const EXIT_CODES = { ok: 0, drift: 1, unknown: 2 } as const;
const LOCK_WAIT_MS = 30_000;

/** Returns the exit status. Throws ConfigError. */
export async function runHeal(host: Host, domains: readonly string[], options: PlanOptions): Promise<number> {
  const { policy } = loadSettings(host, options['config.file']);
  const lock = await waitForLock();
  if (!lock.held) {
    tell(`changes are locked by somebody else (${lock.holder}); nothing was changed`);
    return EXIT_CODES.unknown;
  }
  const healed = await heal(host, policy, domains).finally(() => lock.release());
  if (!healed) return EXIT_CODES.unknown;
  const decisions = healed.outcomes.map((outcome) => decisionOf(outcome, 'heal', host.now()));
  await writeJournal(host, decisions);

  const after = domains.length > 0 ? selectDomains(healed.after, domains) : healed.after;
  const { refusals } = plan(after);
  const { unknowns } = after;
  if (options.format === 'json') print(`${JSON.stringify({ outcomes: decisions, refusals, unknowns }, null, 2)}\n`);
  else print(`${healed.outcomes.map(renderOutcome).join('')}${renderPlan({ vnets: [], refusals }, unknowns)}`);
  return EXIT_CODES[toneOf(summarize(after))];
}

/** undefined where a domain is named that is not there: then nothing was changed. */
async function heal(host: Host, policy: Policy, domains: readonly string[]) {
  const since = host.now();
  const read = createSnapshotReader(host);
  const snapshot = await read(policy);
  const strangers = unknownNames(snapshot, domains);
  for (const sentence of strangers) tell(sentence);
  if (strangers.length > 0) return undefined;
  const outcomes = await configure(host, plan(evaluate(snapshot, policy), domains).vnets, since);
  return { outcomes, after: evaluate(await read(policy), policy) };
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
    if (problem !== undefined) tell(`not in the journal: ${problem}`);
  }
}

function renderOutcome({ plan: { domain, vnet, bridge, before, after }, result, problem }: Outcome): string {
  const tables = `${formatTable(before)} -> ${formatTable(after)}`;
  return `${printable(`${domain}: ${vnet} on ${bridge}: ${result} ${tables}${problem === undefined ? '' : `: ${problem}`}`)}\n`;
}
