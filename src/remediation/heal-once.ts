// One cycle by an operator's hand: without the guard, and in turns with the remediator.
import { setTimeout } from 'node:timers/promises';
import type { Host, Locking } from '../host/host.ts';
import { takeLock } from '../host/linux/lock.ts';
import { readSnapshot } from '../host/snapshot.ts';
import type { Outcome } from '../model/plan.ts';
import type { Policy } from '../model/policy.ts';
import { LOCK_FOLDER } from '../model/remediator-paths.ts';
import type { Decision } from '../model/remediator-status.ts';
import { isWhole, type Report } from '../model/report.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { evaluate } from '../policy/evaluate.ts';
import { agree, undoneBy } from './agreement.ts';
import { configure } from './configure.ts';
import { decisionOf } from './decision.ts';
import { writeDecisions } from './decision-journal.ts';
import { plan } from './plan.ts';

const LOCK_WAIT_MS = 30_000;
// `systemctl reload` does not wait for the cycle that takes the policy, and that cycle may be a long one.
const RELOAD_WAIT_MS = 10_000;

/** `locked` and `refused`: nothing was changed. */
export type Healed =
  | { readonly kind: 'locked'; readonly holder: string }
  | { readonly kind: 'refused'; readonly problems: readonly string[] }
  | {
      readonly kind: 'healed';
      readonly outcomes: readonly Outcome[];
      readonly decisions: readonly Decision[];
      /** The host after it, and what it is by the policy. */
      readonly snapshot: Snapshot;
      readonly after: Report;
      /** Why decisions are not in the journal, for people. */
      readonly unwritten: readonly string[];
      /** Why the remediator may not know that the policy is accepted, for people. */
      readonly unagreed: string | undefined;
    };

/** Why nothing is to be done on such a host, for people; none to go on. */
type Refuse = (snapshot: Snapshot) => readonly string[];

/** Heals these domains. All where none is named: then the policy is accepted. Refused where the remediator would undo it. */
export async function healOnce(
  host: Host,
  policy: Policy,
  domains: readonly string[],
  refuse: Refuse,
  take: () => Promise<Locking> = () => takeLock(LOCK_FOLDER, `heal, process ${process.pid}`),
): Promise<Healed> {
  const undone = await waitForReload(host, policy);
  if (undone !== undefined) return { kind: 'refused', problems: [undone] };
  const lock = await waitForLock(host, take);
  if ('problem' in lock) {
    return { kind: 'refused', problems: [`the lock cannot be taken: ${lock.problem}; heal must run as root`] };
  }
  if (!lock.held) return { kind: 'locked', holder: lock.holder };
  const cycle = await runCycle(host, policy, domains, refuse).finally(() => lock.release());
  if (cycle.kind === 'refused') return cycle;
  const decisions = cycle.outcomes.map((outcome) => decisionOf(outcome, 'heal', host.now()));
  // Not under the lock: nobody waits for the journal.
  return { ...cycle, decisions, unwritten: await writeDecisions(host, decisions) };
}

async function runCycle(host: Host, policy: Policy, domains: readonly string[], refuse: Refuse) {
  const since = host.monotonic();
  const snapshot = await readSnapshot(host, policy);
  const problems = refuse(snapshot);
  if (problems.length > 0) return { kind: 'refused', problems } as const;
  const outcomes = await configure(host, plan(evaluate(snapshot, policy), domains).vnets, since);
  const now = await readSnapshot(host, policy);
  const after = evaluate(now, policy);
  const unagreed = domains.length === 0 && isWhole(after) ? agree(host, policy) : undefined;
  return { kind: 'healed', outcomes, snapshot: now, after, unagreed } as const;
}

/** Why the remediator would undo it, also after a while. Without the lock, which its cycle needs. */
async function waitForReload(host: Host, policy: Policy): Promise<string | undefined> {
  const until = host.monotonic() + RELOAD_WAIT_MS;
  for (;;) {
    const problem = undoneBy(host, policy);
    if (problem === undefined || host.monotonic() > until) return problem;
    await setTimeout(100);
  }
}

async function waitForLock(host: Host, take: () => Promise<Locking>) {
  const until = host.monotonic() + LOCK_WAIT_MS;
  for (;;) {
    const lock = await take();
    if ('problem' in lock || lock.held || host.monotonic() > until) return lock;
    await setTimeout(100);
  }
}
