// One look at one VM's own taps, and the configure routine on what is wrong with them. Other ports are not even read: VMs that
// start at the same time have nothing to do with each other, and no lock is needed.
import type { Host } from '../host/host.ts';
import { bridgesKeptByLibvirt } from '../host/snapshot.ts';
import type { Outcome, Plan } from '../model/plan.ts';
import type { Policy } from '../model/policy.ts';
import type { Finding, Report } from '../model/report.ts';
import type { Domain } from '../model/snapshot.ts';
import { evaluate } from '../policy/evaluate.ts';
import { configure } from '../remediation/configure.ts';
import { plan } from '../remediation/plan.ts';

type Machine = Pick<Host, 'bridges' | 'now' | 'monotonic'>;

export interface Result {
  readonly report: Report;
  readonly plan: Plan;
  readonly outcomes: readonly Outcome[];
  /** Interfaces whose tap is not on its bridge (yet). */
  readonly missing: readonly Finding[];
}

/** `policy` as of `policyFor`. Never rejects for what the host does. */
export async function configureDomain(host: Machine, domain: Domain, policy: Policy, since: number): Promise<Result> {
  const [names, taps] = ownTaps(domain, policy);
  const domains = { ok: true as const, value: [domain] };
  const read = await host.bridges.read(names, taps);
  // Its VLANs alone would be right in the table, and no frame would come through.
  const kept = bridgesKeptByLibvirt(domains, names);
  const fdb = kept.length === 0 ? undefined : await host.bridges.fdb(kept);
  const snapshot = { takenAt: host.now(), ...read, domains, fdb };
  const report = evaluate(snapshot, policy);
  const planned = plan(report, [domain.name]);
  const outcomes = await configure(host, planned.vnets, since);
  return { report, plan: planned, outcomes, missing: missingOf(report) };
}

/** Interfaces whose tap is not on its bridge, without asking for VLANs: cheap enough to be asked again and again. */
export function missingTaps(host: Machine, domain: Domain, policy: Policy): readonly Finding[] {
  const nothing = { ok: true as const, value: new Map() };
  const links = host.bridges.links(...ownTaps(domain, policy));
  const domains = { ok: true as const, value: [domain] };
  return missingOf(evaluate({ takenAt: host.now(), links, vlans: nothing, domains, collectors: [] }, policy));
}

/** What to read of the bridges. */
function ownTaps(domain: Domain, policy: Policy): [bridges: readonly string[], only: ReadonlySet<string>] {
  return [policy.bridges.map(({ name }) => name), new Set(domain.interfaces.flatMap((iface) => iface.target ?? []))];
}

function missingOf(report: Report): readonly Finding[] {
  return report.bridges.flatMap((bridge) => bridge.findings.filter(({ reason }) => reason === 'not_on_bridge'));
}
