// The host, read once, at the same cost whatever the number of VMs.
// A reader that fails makes its part unknown, never the whole.
import { tapMac } from '../model/mac.ts';
import { type Bridge, type Domain, type Interface, type Reading, readingOf, type Snapshot } from '../model/snapshot.ts';
import type { Host, PortOf } from './host.ts';

/** The bridges to read, as of a Policy. */
export interface Scope {
  readonly bridges: readonly { readonly name: string }[];
}

/** Never rejects for anything the host says. */
export async function readSnapshot(host: Host, { bridges: scope }: Scope): Promise<Snapshot> {
  const takenAt = host.now();
  // The domains after the bridges: what an older XML asks for would be put over what libvirt has just set.
  const { links, vlans, collectors } = await host.bridges.read(scope.map(({ name }) => name));
  const begin = host.monotonic();
  const running = await host.domains.read();
  const run = { collector: 'domains', ok: running.ok, durationMs: host.monotonic() - begin } as const;
  const domains = withoutTheDead(running, links, host.domains.died);
  const kept = portsKeptByLibvirt(domains, links);
  const fdb = kept.length === 0 ? undefined : await host.bridges.fdb(kept);
  return { takenAt, links, vlans, domains, fdb, collectors: [...collectors, run] };
}

/** As `readSnapshot`, with all bridges of the host. */
export async function readWholeHost(host: Host): Promise<Snapshot> {
  const names = readingOf(() => host.bridges.list());
  const snapshot = await readSnapshot(host, { bridges: (names.ok ? names.value : []).map((name) => ({ name })) });
  if (names.ok) return snapshot;
  const collectors = snapshot.collectors.map((run) => (run.collector === 'links' ? { ...run, ok: false } : run));
  return { ...snapshot, links: names, collectors };
}

/** The domains, those whose process is gone as `died` has them. A tap of libvirt's ends with its process: whoever has one lives, and is not asked. */
function withoutTheDead(
  domains: Reading<readonly Domain[]>,
  links: Reading<readonly Bridge[]>,
  died: Host['domains']['died'],
): Reading<readonly Domain[]> {
  if (!domains.ok) return domains;
  const ports = new Set(links.ok ? links.value.flatMap((bridge) => bridge.ports.map((port) => port.name)) : []);
  const claims = new Map<string, number>();
  for (const { interfaces } of domains.value)
    for (const { target = '' } of interfaces) claims.set(target, (claims.get(target) ?? 0) + 1);
  // One of type='ethernet' may be somebody else's, and stay.
  const lives = ({ target, ethernet }: Interface) =>
    target !== undefined && !ethernet && ports.has(target) && claims.get(target) === 1;
  const dead = (domain: Domain) =>
    domain.state === 'running' && !domain.interfaces.some(lives) ? died(domain) : undefined;
  return { ok: true, value: domains.value.map((domain) => dead(domain) ?? domain) };
}

/** Ports that may be a running domain's whose FDB libvirt keeps: by the name or the MAC of its tap. */
function portsKeptByLibvirt(domains: Reading<readonly Domain[]>, links: Reading<readonly Bridge[]>): readonly PortOf[] {
  const kept = (domains.ok ? domains.value : []).flatMap(({ state, interfaces }) =>
    state === 'running' ? interfaces.filter(({ macTable }) => macTable !== undefined) : [],
  );
  if (kept.length === 0 || !links.ok) return [];
  const names = new Set(kept.map(({ target }) => target));
  const macs = new Set<string | undefined>(kept.map(({ mac }) => tapMac(mac)));
  return links.value.flatMap(({ name: bridge, ports }) =>
    ports.filter(({ name, mac }) => names.has(name) || macs.has(mac)).map(({ name }) => ({ bridge, port: name })),
  );
}
