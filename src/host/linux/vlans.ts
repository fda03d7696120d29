// The VLAN tables of all bridge ports, from bridge(8). A port without any VLAN is not in its output.
import type { Reading } from '../../model/snapshot.ts';
import { isVid, type Vid, type VlanRun, type VlanTable, vlanTable } from '../../model/vlan.ts';
import type { Host } from '../host.ts';
import { isLink } from './links.ts';

/** VLAN tables by port name. */
export type Vlans = Reading<ReadonlyMap<string, VlanTable>>;

/** Options of `bridge` for SHOW as `parseVlanShow` takes it. In full: `-c` means colour in some versions of iproute2 and compress in others. */
export const SHOW_OPTIONS = ['-j', '-compressvlans'] as const;
export const SHOW = ['vlan', 'show'] as const;
const TIMEOUT_MS = 10_000;

/** All VLAN tables. One process. */
export async function readVlans(host: Host): Promise<Vlans> {
  const args = [...SHOW_OPTIONS, ...SHOW];
  const result = await host.run('bridge', args, { timeoutMs: TIMEOUT_MS });
  if (result.problem !== undefined) return { ok: false, error: result.problem };
  try {
    return { ok: true, value: parseVlanShow(result.stdout) };
  } catch (error) {
    return { ok: false, error: `bridge ${args.join(' ')}: ${(error as Error).message}` };
  }
}

/**
 * All VLAN tables, and once more where the first answer is in doubt: it has no row at all though these ports are there, or calls
 * a port `if57`, as iproute2 does with a link that died during the dump. What is in doubt twice: no row is believed, a port without its name is not.
 * `first`: an answer that is there already.
 */
export async function readVlansOf(host: Host, ports: readonly string[], first?: Vlans): Promise<Vlans> {
  const vlans = first ?? (await readVlans(host));
  if (!vlans.ok || !isDoubtful(host, ports, vlans.value)) return vlans;
  const again = await readVlans(host);
  const nameless = again.ok ? namelessOf(host, again.value) : [];
  if (nameless.length === 0) return again;
  return { ok: false, error: `bridge ${SHOW.join(' ')}: calls a port ${nameless[0]}, which has another name` };
}

function isDoubtful(host: Host, ports: readonly string[], vlans: ReadonlyMap<string, VlanTable>): boolean {
  return (vlans.size === 0 && ports.length > 0) || namelessOf(host, vlans).length > 0;
}

/** Ports that were named by their number, as no link is called so. */
function namelessOf(host: Host, vlans: ReadonlyMap<string, VlanTable>): readonly string[] {
  return [...vlans.keys()].filter((name) => /^if\d+$/.test(name) && !isLink(host, name));
}

/** The JSON of `bridge -j [-compressvlans] vlan show`. Throws Error where it has another form than iproute2 5.x to 6.x writes. */
export function parseVlanShow(json: string): ReadonlyMap<string, VlanTable> {
  // iproute2 prints at least `[]`. Nothing at all is no answer, and not a host without any VLAN.
  if (json.trim() === '') throw new Error('printed nothing; expected a JSON list of ports');
  const ports: unknown = JSON.parse(json.replace(BARE_CONTROL, escapeControl));
  if (!Array.isArray(ports)) throw new Error('expected a list of ports, as iproute2 5.0 and newer print it');
  // A port may be listed twice: its rows are those of both.
  const rows = new Map<string, VlanRun[]>();
  for (const { name, runs } of ports.map(parsePort)) rows.set(name, [...(rows.get(name) ?? []), ...runs]);
  return new Map([...rows].map(([name, runs]) => [name, vlanTable(runs)]));
}

// iproute2 prints a name as it is, and the kernel takes control characters in it, but for white space (dev_valid_name): JSON has them escaped.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const BARE_CONTROL = /[\x00-\x08\x0e-\x1f]/g;

function escapeControl(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function parsePort(port: { ifname?: unknown; vlans?: unknown } | null): { name: string; runs: readonly VlanRun[] } {
  if (typeof port?.ifname !== 'string' || !Array.isArray(port.vlans)) throw new Error(`not a port: ${excerpt(port)}`);
  return { name: port.ifname, runs: port.vlans.map(parseRow) };
}

function parseRow(row: { vlan?: unknown; vlanEnd?: unknown; flags?: unknown } | null): VlanRun {
  const first = row?.vlan;
  const last = row?.vlanEnd ?? first;
  const flags = row?.flags ?? [];
  if (!isVlanId(first) || !isVlanId(last) || last < first || !Array.isArray(flags)) {
    throw new Error(`not a VLAN: ${excerpt(row)}`);
  }
  return { first, last, pvid: flags.includes('PVID'), untagged: flags.includes('Egress Untagged') };
}

function isVlanId(value: unknown): value is Vid {
  return typeof value === 'number' && isVid(value);
}

function excerpt(value: unknown): string {
  return String(JSON.stringify(value)).slice(0, 120);
}
