// The domains that somebody names on the command line, held against those that the host has.
import type { Policy } from '../model/policy.ts';
import type { Report } from '../model/report.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { isLiveKnown } from '../policy/match.ts';

/** Sentences about named domains that the host does not have, or that it could not tell; none where all is well. */
export function unknownNames(snapshot: Snapshot, names: readonly string[]): readonly string[] {
  if (names.length === 0) return [];
  if (!snapshot.domains.ok) return [`the domains could not be read: ${snapshot.domains.error}`];
  const known = new Set(snapshot.domains.value.map((domain) => domain.name));
  return names.filter((name) => !known.has(name)).map((name) => `there is no domain ${name}`);
}

/** Sentences about named domains that have nothing to check: not running, or not on a bridge of the policy. */
export function notes(snapshot: Snapshot, policy: Policy, report: Report, names: readonly string[]): readonly string[] {
  const domains = snapshot.domains.ok ? snapshot.domains.value : [];
  const bridges = policy.bridges.map((bridge) => bridge.name);
  const mayRun = !isLiveKnown(domains) && hasTaps(snapshot, policy);
  return domains.flatMap((domain) => {
    if (!names.includes(domain.name) || domain.state === 'unknown') return [];
    if (report.bridges.some((bridge) => bridge.expectedVnets.has(domain.name))) return [];
    if (domain.state === 'defined' && mayRun)
      return [`It is not known whether ${domain.name} runs: no domain has live XML.`];
    if (domain.state === 'defined') return [`${domain.name} does not run: nothing is expected of it.`];
    const other = domain.interfaces.map((iface) => iface.skipped ?? iface.bridge ?? 'unknown');
    const where = other.length > 0 ? `, only: ${[...new Set(other)].join(', ')}` : '';
    return [`${domain.name} has no interface on ${bridges.join(', ')}${where}.`];
  });
}

/** Whether a bridge of the policy has a tap that may be a VM's. */
function hasTaps({ links }: Snapshot, policy: Policy): boolean {
  const ports = (name: string) =>
    (links.ok ? links.value.find((bridge) => bridge.name === name)?.ports : undefined) ?? [];
  return policy.bridges.some(({ name, uplinks }) =>
    ports(name).some((port) => port.tap && !uplinks.includes(port.name)),
  );
}
