// What the remediator tells of itself: counts since it started, and its status file's content. Pure.

import { firstCommands } from '../model/bridge-command.ts';
import type { Policy } from '../model/policy.ts';
import {
  type Decision,
  type DomainRemediation,
  DURATION_BUCKETS,
  type RemediatorStatus,
} from '../model/remediator-status.ts';
import type { Report } from '../model/report.ts';
import type { Answer } from './decide.ts';
import { causeOf, type GuardState } from './guard.ts';

/** Counts since the daemon started. `domains` by bridge and domain. */
export interface Tally {
  readonly startedAt: number;
  readonly domains: ReadonlyMap<string, Omit<DomainRemediation, 'suspendedSince' | 'suspendedBecause'>>;
  readonly duration: RemediatorStatus['duration'];
  readonly recent: readonly Decision[];
}

const RECENT = 50;
const DAY_MS = 24 * 3600 * 1000;

export function createTally(startedAt: number): Tally {
  const buckets = DURATION_BUCKETS.map((bound): [number | null, number] => [bound, 0]);
  return { startedAt, domains: new Map(), duration: { buckets, sum: 0, count: 0 }, recent: [] };
}

/** The tally with a cycle's decisions added. */
export function count(tally: Tally, decisions: readonly Decision[]): Tally {
  const domains = new Map(tally.domains);
  let { duration } = tally;
  for (const decision of decisions) {
    const { bridge, domain, outcome, at, durationMs } = decision;
    const verified = outcome === 'verified';
    if (!verified && outcome !== 'failed' && outcome !== 'reverted') continue;
    const key = domainKey(bridge, domain);
    const known = domains.get(key) ?? { bridge, domain, remediations: 0, failures: 0, lastAt: undefined };
    domains.set(key, {
      ...known,
      remediations: known.remediations + Number(verified),
      failures: known.failures + Number(!verified),
      lastAt: verified ? at : known.lastAt,
    });
    if (verified && durationMs !== undefined) duration = observeDuration(duration, durationMs / 1000);
  }
  return { ...tally, domains, duration, recent: [...decisions.toReversed(), ...tally.recent].slice(0, RECENT) };
}

/** The tally without domains that are gone and were not healed for a day: hosts of short-lived VMs see ever new names. */
export function forget(tally: Tally, report: Report | undefined, now: number): Tally {
  if (!report) return tally;
  const there = new Set(report.bridges.flatMap((b) => [...b.vnets.map((v) => v.domain), ...b.expectedVnets.keys()]));
  const isKept = ({ domain, lastAt }: { domain: string; lastAt?: number | undefined }) =>
    there.has(domain) || now - (lastAt ?? tally.startedAt) < DAY_MS;
  return { ...tally, domains: new Map([...tally.domains].filter(([, counts]) => isKept(counts))) };
}

function observeDuration({ buckets, sum, count }: Tally['duration'], seconds: number): Tally['duration'] {
  return {
    buckets: buckets.map(([bound, n]): [number | null, number] => [
      bound,
      n + Number(bound === null || seconds <= bound),
    ]),
    sum: sum + seconds,
    count: count + 1,
  };
}

export interface StatusInput {
  readonly tally: Tally;
  readonly guard: GuardState;
  readonly answer: Answer;
  readonly policy: Policy;
  readonly paused: boolean;
  readonly dryRun: boolean;
  readonly now: number;
}

export function statusOf({ tally, guard, answer, policy, paused, dryRun, now }: StatusInput): RemediatorStatus {
  const { accepted } = answer;
  return {
    version: 1,
    startedAt: tally.startedAt,
    lastCycleAt: now,
    dryRun,
    paused,
    policySha256: accepted.kind === 'known' ? accepted.policy.sha256 : '',
    heldPolicySha256: answer.policyHeld ? policy.sha256 : undefined,
    heldProblem: answer.heldProblem,
    waitsForHeal: answer.waitsForHeal,
    domains: domainsOf(tally, guard),
    held: answer.held.map(({ bridge, domain, vnet, changes }) => ({
      bridge,
      domain,
      vnet,
      changes: firstCommands(changes),
    })),
    refusals: answer.refusals,
    duration: tally.duration,
    recent: tally.recent,
  };
}

function domainsOf(tally: Tally, guard: GuardState): readonly DomainRemediation[] {
  const domains = new Map<string, DomainRemediation>(tally.domains);
  for (const entry of Object.values(guard)) {
    if (entry.suspendedSince === undefined) continue;
    const { bridge, domain, suspendedSince } = entry;
    const key = domainKey(bridge, domain);
    const known = domains.get(key) ?? { bridge, domain, remediations: 0, failures: 0, lastAt: undefined };
    domains.set(key, {
      ...known,
      suspendedSince: Math.min(known.suspendedSince ?? suspendedSince, suspendedSince),
      suspendedBecause: known.suspendedBecause === 'failing' ? 'failing' : causeOf(entry),
    });
  }
  return [...domains.keys()].sort().map((key) => domains.get(key) as DomainRemediation);
}

// Neither a bridge nor a domain can have a slash in its name.
function domainKey(bridge: string, domain: string): string {
  return `${bridge}/${domain}`;
}
