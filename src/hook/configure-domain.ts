// One look at one VM's own taps, and the configure routine on what is wrong with them. Other ports are not even read: VMs that
// start at the same time have nothing to do with each other, and no lock is needed.
import type { Host } from '../host/host.ts';
import type { Outcome, Plan } from '../model/plan.ts';
import type { Policy } from '../model/policy.ts';
import { type Finding, offBridge, type Report } from '../model/report.ts';
import type { Domain, Snapshot } from '../model/snapshot.ts';
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
  // Without the FDB: libvirt adds its entries when the vCPUs start, for the VLANs that the port has then, and those that are there already
  // would be in its way (virNetDevBridgeFDBAddDel).
  const read = await host.bridges.read(...ownTaps(domain, policy));
  const snapshot = { takenAt: host.now(), ...read, domains: known([domain]) };
  const report = evaluate(snapshot, concerned(domain, policy, read.links));
  const planned = plan(report, [domain.name]);
  const outcomes = await configure(host, planned.vnets, since);
  return { report, plan: planned, outcomes, missing: offBridge(report) };
}

/** Interfaces whose tap is not on its bridge, without asking for VLANs: cheap enough to be asked again and again. */
export function missingTaps(host: Machine, domain: Domain, policy: Policy): readonly Finding[] {
  const links = host.bridges.links(...ownTaps(domain, policy));
  const asked = { takenAt: host.now(), links, vlans: known(new Map()), domains: known([domain]), collectors: [] };
  return offBridge(evaluate(asked, policy));
}

/** The bridges that the VM is on: those that its XML names, and those on which one of its taps was found. All where that cannot be told. */
function concerned({ interfaces }: Domain, policy: Policy, links: Snapshot['links']): Policy {
  if (!links.ok) return policy;
  const withTap = links.value.filter(({ ports }) => ports.length > 0).map(({ name }) => name);
  const on = new Set([...interfaces.map(({ bridge }) => bridge), ...withTap]);
  return { ...policy, bridges: policy.bridges.filter(({ name }) => on.has(name)) };
}

const known = <T>(value: T) => ({ ok: true, value }) as const;

/** What to read of the bridges. */
function ownTaps(domain: Domain, policy: Policy): [bridges: readonly string[], only: ReadonlySet<string>] {
  return [policy.bridges.map(({ name }) => name), new Set(domain.interfaces.flatMap((iface) => iface.target ?? []))];
}
