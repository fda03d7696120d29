// One turn of the remediator: read, decide, heal, remember. What is remembered goes in and comes out; the daemon keeps it.
import type { Settings } from '../config/settings.ts';
import type { Host } from '../host/host.ts';
import { readSnapshot } from '../host/snapshot.ts';
import type { Outcome } from '../model/plan.ts';
import type { Decision, RemediatorStatus } from '../model/remediator-status.ts';
import { isWhole } from '../model/report.ts';
import { readErrors } from '../model/snapshot.ts';
import { configure } from './configure.ts';
import { type Answer, decide } from './decide.ts';
import { decisionOf, describe } from './decision.ts';
import { afterHeals, earliest, guardKey, permit } from './guard.ts';
import type { PortStates } from './settling.ts';
import type { State } from './state-file.ts';
import { count, createTally, forget, statusOf, type Tally } from './status.ts';

export interface CycleInput {
  readonly host: Host;
  readonly settings: Pick<Settings, 'policy' | 'remediation'>;
  readonly trigger: string;
  /** When it was triggered, by the monotonic clock: for the durations. */
  readonly since: number;
  readonly dryRun: boolean;
  /** Asked when all is read: a pause that begins meanwhile counts. */
  readonly isPaused: () => boolean;
  /** The sha256 of the policy that an operator accepted. */
  readonly agreed?: string | undefined;
}

/** What one cycle hands to the next. */
export interface Memory extends State {
  readonly tally: Tally;
  readonly ports: PortStates;
  /** What was told last of each vnet that is left alone, so that it is told once. By outcome and vnet. */
  readonly announced: ReadonlyMap<string, Announcement>;
}

export interface Announcement {
  readonly outcome: Decision['outcome'];
  /** The vnet's key in the guard's state. */
  readonly guardKey: string;
  /** The commands that are not run; of a suspended vnet the cause, for it is one piece of news whatever its opponent makes of it. */
  readonly what: string;
}

export interface CycleResult {
  readonly memory: Memory;
  /** What is new: heals, and vnets that are left alone from now on or for another reason. */
  readonly decisions: readonly Decision[];
  readonly status: RemediatorStatus;
  /** When to look again though nothing happens; undefined: never. */
  readonly wakeAt: number | undefined;
  /** What could not be read, for people. */
  readonly problem: string | undefined;
}

/** What is remembered at the start, beside the state that survives a restart. */
export function createMemory(state: State, startedAt: number): Memory {
  return { ...state, tally: createTally(startedAt), ports: new Map(), announced: new Map() };
}

export async function runCycle(input: CycleInput, memory: Memory): Promise<CycleResult> {
  const { host, settings, dryRun, agreed } = input;
  const { policy, remediation: limits } = settings;
  const inForce = memory.accepted.kind === 'known' ? memory.accepted.policy.bridges : [];
  const snapshot = await readSnapshot(host, { bridges: uniqueByName([...policy.bridges, ...inForce]) });
  const paused = input.isPaused();
  const answer = decide({ ...memory, snapshot, policy, limits, now: host.now(), paused, dryRun, agreed });
  const outcomes = await configure(
    host,
    answer.heal.map(({ plan }) => plan),
    input.since,
  );
  const healed = outcomes.map((outcome, i) =>
    decisionOf(outcome, answer.heal[i]?.probe ? 'probe' : input.trigger, host.now()),
  );
  const { announced, news } = announce(answer, memory.announced, input, host.now());
  const decisions = [...healed, ...news];
  const now = host.now();
  const isFailed = ({ result }: Outcome) => result === 'failed' || result === 'reverted';
  // A port that went is no attempt, and nobody undid it.
  const tried = outcomes.filter(({ result }) => result !== 'vanished');
  const attempts = tried.map((outcome) => ({ vnet: outcome.plan, failed: isFailed(outcome) }));
  const guard = afterHeals(answer.guard, attempts, now, limits);
  const failed = outcomes.filter(isFailed);
  // Who cannot be seen in this cycle may be there all the same.
  const seen = answer.report && isWhole(answer.report) ? answer.report : undefined;
  const tally = count(forget(memory.tally, seen, now), decisions);
  const { accepted, ports } = answer;
  const next: Memory = { accepted, guard, tally, ports, announced };
  return {
    memory: next,
    decisions,
    status: statusOf({ tally, guard, answer, policy, paused, dryRun, now }),
    wakeAt: earliest([answer.wakeAt, ...failed.map(({ plan }) => retryAt(permit(guard, plan, now, limits)))]),
    problem: readErrors(snapshot).join('; ') || undefined,
  };
}

function uniqueByName<T extends { readonly name: string }>(items: readonly T[]): readonly T[] {
  return [...new Map(items.map((item) => [item.name, item])).values()];
}

/** Decisions to leave a vnet alone, each once until it is another. A running backoff is no decision. */
function announce(answer: Answer, before: Memory['announced'], input: CycleInput, at: number) {
  const announced = new Map<string, Announcement>();
  const news: Decision[] = [];
  for (const { plan, outcome, problem, cause } of answer.rest) {
    if (outcome === 'waits') continue;
    const decision = { ...describe(plan), at, trigger: input.trigger, outcome, problem, durationMs: undefined };
    const what = cause ?? [decision.after, ...decision.commands].join('\n');
    const announcement = { outcome, guardKey: guardKey(plan), what };
    const key = JSON.stringify([outcome, announcement.guardKey]);
    announced.set(key, announcement);
    if (before.get(key)?.what !== what) news.push(decision);
  }
  // Between two probes a suspended vnet may look well for a moment.
  for (const [key, announcement] of before)
    if (isSuspension(answer, announcement) && !announced.has(key)) announced.set(key, announcement);
  return { announced, news };
}

function isSuspension({ guard }: Answer, { outcome, guardKey }: Announcement): boolean {
  return outcome === 'suspended' && guard[guardKey]?.suspendedSince !== undefined;
}

function retryAt(allowed: ReturnType<typeof permit>): number | undefined {
  return 'until' in allowed ? allowed.until : undefined;
}
