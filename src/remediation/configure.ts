// The one routine that changes a host: apply, read afresh, verify, put back what got worse. The hook, `heal` and the remediator
// use it. A plan is tried once: whether to try again is the guard's to say.
import type { ChangesMade, Host } from '../host/host.ts';
import { bridgeCommand } from '../model/bridge-command.ts';
import type { Change, Outcome, VnetPlan } from '../model/plan.ts';
import { formatTable } from '../model/vlan.ts';
import { changesBetween } from './changes.ts';
import { inverseNeed, withFdb } from './fdb-changes.ts';
import { takeBack } from './take-back.ts';
import { type Verification, verify } from './verify.ts';

type Machine = Pick<Host, 'bridges' | 'monotonic'>;

/**
 * Applies the plans in one batch and says what became of each, in their order. `since`: when the drift was seen, by the
 * monotonic clock, for the durations. Never rejects for what the host does.
 */
export async function configure(
  host: Machine,
  plans: readonly VnetPlan[],
  since: number = host.monotonic(),
): Promise<readonly Outcome[]> {
  if (plans.length === 0) return [];
  const idle = tooLate(host, plans);
  const changes = plans.flatMap((plan) => (idle.has(plan) ? [] : plan.changes));
  const fresh = await change(host, changes, plans);
  const { failures } = fresh;
  const found = plans.map((plan) => verify(plan, fresh));
  const told = plans.map((plan, i) =>
    outcome(host, plan, found[i] as Verification, idle.get(plan) ?? failureOf(plan, failures), since),
  );
  const outcomes = await takeBack(host, told, idle, failures);
  // Only our own half-done work is put back: a vnet that somebody else changed meanwhile is not ours to rewind, nor is another port that
  // has its name now, to which none of our changes came.
  const isHalfDone = ({ plan }: Outcome) => new Set(plan.changes.map((c) => failures.has(c))).size === 2;
  const spoilt = outcomes.filter((o, i) => found[i]?.kind === 'worse' && isHalfDone(o));
  if (spoilt.length === 0) return outcomes;
  const reverted = await revert(host, spoilt, since);
  return outcomes.map((o) => reverted.find((r) => r.plan === o.plan) ?? o);
}

function bridgesOf(plans: readonly VnetPlan[]): readonly string[] {
  return [...new Set(plans.map((plan) => plan.bridge))];
}

function change(host: Machine, changes: readonly Change[], plans: readonly VnetPlan[]): Promise<ChangesMade> {
  const fdb = plans.filter((plan) => plan.fdb).map(({ bridge, vnet }) => ({ bridge, port: vnet }));
  return host.bridges.change(changes, { ports: bridgesOf(plans), fdb });
}

/**
 * Plans that are not to be carried out any more, and why. Between the decision and now, somebody may have turned filtering off: then nothing
 * that is written means anything. Or the port is on another bridge, and would keep these VLANs there.
 */
function tooLate(host: Machine, plans: readonly VnetPlan[]): ReadonlyMap<VnetPlan, string> {
  const read = host.bridges.standing(bridgesOf(plans));
  const why = ({ bridge, vnet }: VnetPlan) => {
    const { vlanFiltering, ports } = (read.ok ? read.value.get(bridge) : undefined) ?? {};
    if (vlanFiltering === undefined) return `${bridge} cannot be asked whether it filters VLANs`;
    if (!vlanFiltering) return `${bridge} does not filter VLANs any more`;
    return ports?.has(vnet) ? undefined : `${vnet} left ${bridge}`;
  };
  return new Map(
    plans.flatMap((plan) => {
      const problem = why(plan);
      return problem === undefined ? [] : [[plan, `not changed, since ${problem}`]];
    }),
  );
}

function outcome(host: Machine, plan: VnetPlan, found: Verification, why: string | undefined, since: number): Outcome {
  const durationMs = host.monotonic() - since;
  if (found.kind === 'verified')
    return { plan, result: 'verified', actual: found.actual, problem: undefined, durationMs };
  if (found.kind === 'vanished')
    return { plan, result: 'vanished', actual: undefined, problem: found.problem, durationMs };
  const problem = [found.problem, why].filter((text) => text !== undefined).join('; ');
  return { plan, result: 'failed', actual: found.actual, problem, durationMs };
}

/** What was said of the first of a vnet's failed changes, and its command. */
function failureOf(plan: VnetPlan, failures: ChangesMade['failures']): string | undefined {
  const failed = plan.changes.find((c) => failures.has(c));
  return failed && `${bridgeCommand(failed)}: ${failures.get(failed)}`;
}

async function revert(host: Machine, spoilt: readonly Outcome[], since: number): Promise<readonly Outcome[]> {
  const plans = spoilt.map((o) => o.plan);
  const idle = tooLate(host, plans);
  const back = spoilt.flatMap(({ plan, actual }) => {
    if (idle.has(plan)) return [];
    const vlans = changesBetween(plan.vnet, actual ?? [], plan.before);
    return withFdb(plan, plan.fdb && inverseNeed(plan.fdb), vlans);
  });
  const fresh = await change(
    host,
    back,
    plans.map((plan) => ({ ...plan, fdb: undefined })),
  );
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
    const problem = `${o.problem}; could not be put back to ${before}: ${idle.get(o.plan) ?? found.problem}`;
    return { ...o, result: 'failed', actual: found.actual, problem, durationMs };
  });
}
