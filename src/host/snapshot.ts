// The host, read once: links and VLANs from one netlink dump, or from files and one process where there is no socket; domains from
// files; whatever the number of VMs.
// A reader that fails makes its part unknown, never the whole.
import type { CollectorRun, Reading, Snapshot } from '../model/snapshot.ts';
import type { Host } from './host.ts';
import { createDomainReader } from './linux/domains.ts';
import { bridgesKeptByLibvirt, readFdb } from './linux/fdb.ts';
import { createLinkReader } from './linux/links.ts';
import { readVlans, readVlansOf } from './linux/vlans.ts';

/** The bridges to read, as of a Policy. */
export interface Scope {
  readonly bridges: readonly { readonly name: string }[];
}

export type SnapshotReader = (scope: Scope) => Promise<Snapshot>;

/** A reader with its own cache of parsed domain XML. Never rejects for anything the host says. */
export function createSnapshotReader(host: Host): SnapshotReader {
  const readLinks = createLinkReader(host);
  const readDomains = createDomainReader(host);
  return async (scope) => {
    const takenAt = host.now();
    const begin = host.monotonic();
    const names = scope.bridges.map((bridge) => bridge.name);
    const asked = host.bridges?.read(names);
    if (asked) {
      const durationMs = host.monotonic() - begin;
      const runs = (['links', 'vlans'] as const).map((collector) => ({ collector, ok: true, durationMs }));
      const links = { ok: true, value: asked.bridges } as const;
      const vlans = { ok: true, value: asked.vlans } as const;
      const [domains, domainsRun] = await timed(host, 'domains', readDomains);
      const fdb = await readFdbWhereKept(host, domains, names);
      return { takenAt, links, vlans, domains, fdb, collectors: [...runs, domainsRun] };
    }
    // The process first, so that the files are read while it runs.
    const vlansRun = timed(host, 'vlans', () => readVlans(host));
    const [domains, domainsRun] = await timed(host, 'domains', readDomains);
    const [links, linksRun] = await timed(host, 'links', () => readLinks(names));
    const [first, vlansTime] = await vlansRun;
    const ports = links.ok ? links.value.flatMap((bridge) => bridge.ports.map((port) => port.name)) : [];
    const vlans = await readVlansOf(host, ports, first);
    const fdb = await readFdbWhereKept(host, domains, names);
    return { takenAt, links, vlans, domains, fdb, collectors: [linksRun, { ...vlansTime, ok: vlans.ok }, domainsRun] };
  };
}

async function readFdbWhereKept(host: Host, domains: Snapshot['domains'], names: readonly string[]) {
  const kept = bridgesKeptByLibvirt(domains, names);
  return kept.length === 0 ? undefined : readFdb(host, kept);
}

async function timed<T>(
  host: Host,
  collector: CollectorRun['collector'],
  read: () => Reading<T> | Promise<Reading<T>>,
): Promise<[Reading<T>, CollectorRun]> {
  const begin = host.monotonic();
  const reading = await read();
  return [reading, { collector, ok: reading.ok, durationMs: host.monotonic() - begin }];
}
