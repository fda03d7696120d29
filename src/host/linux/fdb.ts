// Static entries of the forwarding database, from bridge(8): what libvirt keeps by itself where macTableManager='libvirt'
// (src/util/virnetdev.c, virNetDevBridgeFDBAdd). Such a port neither learns nor is flooded to: in a VLAN without an entry for the
// guest's MAC, no frame for the guest gets through.
import { parseMac } from '../../model/mac.ts';
import type { Domain, Fdb, Reading } from '../../model/snapshot.ts';
import { isVid, type Vids, vidRange, vidsFrom } from '../../model/vlan.ts';
import type { Host } from '../host.ts';

const TIMEOUT_MS = 10_000;

/** Those of `bridges` on which libvirt keeps the FDB of a running domain's port. */
export function bridgesKeptByLibvirt(
  domains: Reading<readonly Domain[]>,
  bridges: readonly string[],
): readonly string[] {
  const kept = new Set<string | undefined>();
  for (const { state, interfaces } of domains.ok ? domains.value : []) {
    if (state !== 'running') continue;
    for (const iface of interfaces) if (iface.macTable !== undefined) kept.add(iface.bridge);
  }
  return kept.size === 0 ? [] : bridges.filter((bridge) => kept.has(bridge));
}

/** The static entries of these bridges' ports. One process for each bridge; a bridge that is gone has none. */
export async function readFdb(host: Host, bridges: readonly string[]): Promise<Reading<Fdb>> {
  const all = new Map<string, ReadonlyMap<string, Vids>>();
  for (const bridge of bridges) {
    if (host.stat(`/sys/class/net/${bridge}/bridge`) === undefined) continue;
    const args = ['-j', 'fdb', 'show', 'br', bridge];
    const { stdout, problem } = await host.run('bridge', args, { timeoutMs: TIMEOUT_MS });
    if (problem !== undefined) return { ok: false, error: problem };
    try {
      for (const [port, entries] of parseFdbShow(stdout)) all.set(port, entries);
    } catch (error) {
      return { ok: false, error: `bridge ${args.join(' ')}: ${(error as Error).message}` };
    }
  }
  return { ok: true, value: all };
}

/** The JSON of `bridge -j fdb show`. Throws Error where it has another form. */
export function parseFdbShow(json: string): Fdb {
  const entries: unknown = JSON.parse(json);
  if (!Array.isArray(entries)) throw new Error('expected a list of entries');
  const found = new Map<string, Map<string, Vids>>();
  for (const entry of entries) {
    const { ifname, mac: written, vlan, state } = (entry ?? {}) as Readonly<Record<string, unknown>>;
    if (typeof ifname !== 'string' || typeof written !== 'string')
      throw new Error(`not an entry: ${String(JSON.stringify(entry)).slice(0, 120)}`);
    const mac = parseMac(written);
    if (state !== 'static' || typeof vlan !== 'number' || !isVid(vlan) || mac === undefined) continue;
    const ofPort = found.get(ifname) ?? new Map<string, Vids>();
    found.set(ifname, ofPort.set(mac, vidsFrom([...(ofPort.get(mac) ?? []), vidRange(vlan)])));
  }
  return found;
}
