// The domains that somebody names on the command line, held against those that the host has.
import type { Policy } from '../model/policy.ts';
import type { Report } from '../model/report.ts';
import type { Interface, Port, Snapshot } from '../model/snapshot.ts';
import { isLiveKnown, isLiveUnread } from '../policy/match.ts';

/** Sentences about named domains that the host does not have, or that it could not tell; none where all is well. */
export function unknownNames(snapshot: Snapshot, names: readonly string[]): readonly string[] {
  if (names.length === 0) return [];
  if (!snapshot.domains.ok) return [`the domains could not be read: ${snapshot.domains.error}`];
  const known = new Set(snapshot.domains.value.map((domain) => domain.name));
  return names.filter((name) => !known.has(name)).map((name) => `there is no domain ${name}`);
}

/** A sentence about a named domain. */
export interface Note {
  readonly text: string;
  /** It says that something is not known. */
  readonly unsure: boolean;
}

/** Sentences about named domains that have nothing to check: not running, or not on a bridge of the policy; none where no bridge could be read. */
export function notes(snapshot: Snapshot, policy: Policy, report: Report, names: readonly string[]): readonly Note[] {
  if (!snapshot.links.ok || policy.bridges.length === 0) return [];
  const domains = snapshot.domains.ok ? snapshot.domains.value : [];
  const watched = policy.bridges.map(({ name }) => name);
  const bridges = watched.join(', ');
  const ports = snapshot.links.value.filter(({ name }) => watched.includes(name)).flatMap((bridge) => bridge.ports);
  const uplinks = new Set(policy.bridges.flatMap((bridge) => bridge.uplinks));
  const mayRun = !isLiveKnown(domains) && ports.some(({ tap, name }) => tap && !uplinks.has(name));
  const whyUnsure = isLiveUnread(domains) ? 'there is live XML that cannot be read' : 'no domain has live XML';
  return domains.flatMap(({ name, state, interfaces }): Note[] => {
    if (!names.includes(name) || state === 'unknown') return [];
    if (report.bridges.some((bridge) => bridge.expectedVnets.has(name))) return [];
    if (state === 'defined' && mayRun) return [doubt(`whether ${name} runs: ${whyUnsure}`)];
    if (state === 'defined') return [sure(`${name} does not run: nothing is expected of it.`)];
    if (interfaces.some((iface) => mayBeOn(watched, ports, iface)))
      return [doubt(`whether ${name} has a port on ${bridges}`)];
    const other = interfaces.map((iface) => iface.skipped ?? iface.bridge ?? 'unknown');
    const where = other.length > 0 ? `, only: ${[...new Set(other)].join(', ')}` : '';
    return [sure(`${name} has no interface on ${bridges}${where}.`)];
  });
}

function sure(text: string): Note {
  return { text, unsure: false };
}

function doubt(whether: string): Note {
  return { text: `It is not known ${whether}.`, unsure: true };
}

/** Whether an interface of a running domain is on one of the bridges, or it is not known on which it is. */
function mayBeOn(bridges: readonly string[], ports: readonly Port[], iface: Interface): boolean {
  const { bridge, mac, skipped, ethernet, target } = iface;
  if (bridge !== undefined) return bridges.includes(bridge);
  if (ethernet) return target === undefined || ports.some(({ name }) => name === target);
  return mac === '' || skipped === 'network without a bridge';
}
