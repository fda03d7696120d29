// The one routine that changes a host: apply, read afresh, verify, put back what got worse. The hook, `heal` and the remediator
// use it. A plan is tried once: whether to try again is the guard's to say.
import type { Host } from '../host/host.ts';
import { readFdb } from '../host/linux/fdb.ts';
import { listPorts, readFiltering } from '../host/linux/links.ts';
import type { Vlans } from '../host/linux/vlans.ts';
import type { Outcome, VnetPlan } from '../model/plan.ts';
import { formatTable } from '../model/vlan.ts';
import { apply, type Failures } from './apply.ts';
import { changesBetween } from './changes.ts';
import { type Fresh, type Verification, verify } from './verify.ts';

/**
 * Applies the plans in one batch and says what became of each, in their order. `since`: when the drift was seen, by the
 * monotonic clock, for the durations. Never rejects for what the host does.
 */
export async function configure(
  host: Host,
  plans: readonly VnetPlan[],
  since: number = host.monotonic(),
): Promise<readonly Outcome[]> {
  if (plans.length === 0) return [];
  // Between the decision and now, somebody may have turned filtering off: then nothing that is written means anything.
  const idle = new Map(plans.flatMap(({ bridge }) => unlessFiltering(host, bridge)));
  const { failures, vlans } = await apply(
    host,
    plans.flatMap((plan) => (idle.has(plan.bridge) ? [] : plan.changes)),
  );
  const fresh = await readBack(host, plans, vlans);
  const found = plans.map((plan) => verify(plan, fresh));
  const outcomes = plans.map((plan, i) =>
    outcome(host, plan, found[i] as Verification, idle.get(plan.bridge) ?? saidOf(plan, failures), since),
  );
  // Only our own half-done work is put back: a vnet that somebody else changed meanwhile is not ours to rewind.
  const spoilt = outcomes.filter((o, i) => found[i]?.kind === 'worse' && saidOf(o.plan, failures) !== undefined);
  if (spoilt.length === 0) return outcomes;
  const reverted = await revert(host, spoilt, since);
  return outcomes.map((o) => reverted.find((r) => r.plan === o.plan) ?? o);
}

// The tables first: a port that is listed afterwards and was not among them has no VLAN, and is not one that had just gone.
async function readBack(host: Host, plans: readonly VnetPlan[], vlans: Vlans): Promise<Fresh> {
  const bridges = [...new Set(plans.map((plan) => plan.bridge))];
  const kept = [...new Set(plans.filter(({ fdb }) => fdb).map((plan) => plan.bridge))];
  const fdb = kept.length === 0 ? undefined : await readFdb(host, kept);
  return { vlans, fdb, ports: readPorts(host, bridges) };
}

function readPorts(host: Host, bridges: readonly string[]): Fresh['ports'] {
  try {
    return { ok: true, value: new Map(bridges.map((bridge) => [bridge, new Set(listPorts(host, bridge))])) };
  } catch (error) {
    return { ok: false, error: (error as Error).message };
  }
}

function unlessFiltering(host: Host, bridge: string): readonly (readonly [bridge: string, why: string])[] {
  const filters = readFiltering(host, bridge);
  if (filters === true) return [];
  const why = filters === false ? 'does not filter VLANs any more' : 'cannot be asked whether it filters VLANs';
  return [[bridge, `not changed, since ${bridge} ${why}`]];
}

function outcome(host: Host, plan: VnetPlan, found: Verification, why: string | undefined, since: number): Outcome {
  const durationMs = host.monotonic() - since;
  if (found.kind === 'verified')
    return { plan, result: 'verified', actual: found.actual, problem: undefined, durationMs };
  if (found.kind === 'vanished')
    return { plan, result: 'vanished', actual: undefined, problem: found.problem, durationMs };
  const problem = [found.problem, why].filter((text) => text !== undefined).join('; ');
  return { plan, result: 'failed', actual: found.actual, problem, durationMs };
}

/** What `bridge` said of the first of a vnet's failed changes. */
function saidOf(plan: VnetPlan, failures: Failures): string | undefined {
  const change = plan.changes.find((c) => failures.has(c));
  return change && failures.get(change);
}

async function revert(host: Host, spoilt: readonly Outcome[], since: number): Promise<readonly Outcome[]> {
  const back = spoilt.map((o) => changesBetween(o.plan.vnet, o.actual ?? [], o.plan.before));
  const { vlans } = await apply(host, back.flat());
  const plans = spoilt.map((o) => o.plan);
  const fresh = await readBack(host, plans, vlans);
  return spoilt.map((o): Outcome => {
    const found = verify({ ...o.plan, after: o.plan.before, fdb: undefined }, fresh);
    const durationMs = host.monotonic() - since;
    const before = formatTable(o.plan.before);
    if (found.kind === 'vanished') return { ...o, result: 'vanished', actual: undefined, durationMs };
    if (found.kind === 'verified')
      return {
        ...o,
        result: 'reverted',
        actual: found.actual,
        problem: `${o.problem}; put back to ${before}`,
        durationMs,
      };
    const problem = `${o.problem}; could not be put back to ${before}: ${found.problem}`;
    return { ...o, result: 'failed', actual: found.actual, problem, durationMs };
  });
}
