// One turn of the remediator: read, decide, heal, remember. What is remembered goes in and comes out; the daemon keeps it.

import type { Settings } from '../config/settings.ts';
import type { Host } from '../host/host.ts';
import type { SnapshotReader } from '../host/snapshot.ts';
import type { Decision, RemediatorStatus } from '../model/remediator-status.ts';
import { configure } from './configure.ts';
import { type Answer, decide } from './decide.ts';
import { decisionOf, describe } from './decision.ts';
import { afterHeal, guardKey, permit } from './guard.ts';
import type { State } from './state-file.ts';
import { count, createTally, forget, statusOf, type Tally } from './status.ts';

export interface CycleInput {
  readonly host: Host;
  readonly read: SnapshotReader;
  readonly settings: Pick<Settings, 'policy' | 'remediation'>;
  readonly trigger: string;
  /** When it was triggered, for the durations. */
  readonly since: number;
  readonly dryRun: boolean;
  readonly paused: boolean;
}

/** What one cycle hands to the next. `told`: what was said last of a vnet that is left alone, so that it is said once. */
export interface Memory extends State {
  readonly tally: Tally;
  readonly told: ReadonlyMap<string, string>;
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
  return { ...state, tally: createTally(startedAt), told: new Map() };
}

export async function runCycle(input: CycleInput, memory: Memory): Promise<CycleResult> {
  const { host, settings, paused, dryRun } = input;
  const { policy, remediation: limits } = settings;
  const inForce = memory.accepted.kind === 'known' ? memory.accepted.policy.bridges : [];
  const snapshot = await input.read({ bridges: uniqueByName([...policy.bridges, ...inForce]) });
  const answer = decide({ ...memory, snapshot, policy, limits, now: host.now(), paused, dryRun });
  const outcomes = await configure(
    host,
    answer.heal.map(({ plan }) => plan),
    input.since,
  );
  const healed = outcomes.map((outcome, i) =>
    decisionOf(outcome, answer.heal[i]?.probe ? 'probe' : input.trigger, host.now()),
  );
  const { told, news } = tell(answer, memory.told, input, host.now());
  const decisions = [...healed, ...news];
  const now = host.now();
  const guard = outcomes.reduce((state, { plan }) => afterHeal(state, plan, now, limits), answer.guard);
  const failed = outcomes.filter(({ result }) => result === 'failed' || result === 'reverted');
  const tally = count(forget(memory.tally, answer.report, now), decisions);
  const next: Memory = { accepted: answer.accepted, guard, tally, told };
  return {
    memory: next,
    decisions,
    status: statusOf({ tally, guard, answer, policy, paused, dryRun, now }),
    wakeAt: earliest([answer.wakeAt, ...failed.map(({ plan }) => retryAt(permit(guard, plan, now, limits)))]),
    problem: problemsOf(snapshot),
  };
}

function uniqueByName<T extends { readonly name: string }>(items: readonly T[]): readonly T[] {
  return [...new Map(items.map((item) => [item.name, item])).values()];
}

/** Decisions to leave a vnet alone, each once until it is another. A running backoff is no decision. */
function tell(answer: Answer, told: Memory['told'], input: CycleInput, at: number) {
  const now = new Map<string, string>();
  const news: Decision[] = [];
  for (const { plan, outcome, problem } of answer.rest) {
    if (outcome === 'waits') continue;
    const { trigger } = input;
    const decision: Decision = { ...describe(plan), at, trigger, outcome, problem, durationMs: undefined };
    const key = [outcome, guardKey(plan), plan.vnet].join('\n');
    // A suspended vnet is one piece of news, whatever its opponent makes of it.
    const said = outcome === 'suspended' ? '' : decision.commands.join('\n');
    now.set(key, said);
    if (told.get(key) !== said) news.push(decision);
  }
  // Between two probes a suspended vnet may look well for a moment.
  for (const [key, said] of told) if (isSuspension(answer, key) && !now.has(key)) now.set(key, said);
  return { told: now, news };
}

function isSuspension({ guard }: Answer, key: string): boolean {
  const [outcome, guarded = '', vnet] = key.split('\n');
  return outcome === 'suspended' && guard[guarded]?.suspendedSince !== undefined && guard[guarded]?.vnet === vnet;
}

function retryAt(allowed: ReturnType<typeof permit>): number | undefined {
  return 'until' in allowed ? allowed.until : undefined;
}

function earliest(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((at) => at !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

function problemsOf({ links, vlans, domains }: Awaited<ReturnType<SnapshotReader>>): string | undefined {
  const problems = [links, vlans, domains].flatMap((reading) => (reading.ok ? [] : [reading.error]));
  return problems.length === 0 ? undefined : problems.join('; ');
}
