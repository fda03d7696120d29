// All text of bridge(8) and ip(8) that is read or written here: commands, batches, and what the programs print. Pure.
import { bridgeArgs } from '../../../model/bridge-command.ts';
import { parseMac } from '../../../model/mac.ts';
import type { Change } from '../../../model/plan.ts';
import type { Fdb } from '../../../model/snapshot.ts';
import {
  isVid,
  type Vid,
  type Vids,
  type VlanRun,
  type VlanTable,
  vidRange,
  vidsFrom,
  vlanTable,
} from '../../../model/vlan.ts';
import { parseIprouteJson } from './json.ts';

const SHOW_WORDS = ['vlan', 'show'] as const;
// In full: `-c` means colour in some versions of iproute2 and compress in others.
const SHOW_OPTIONS = ['-j', '-compressvlans'] as const;

/** Arguments of `bridge` for all VLAN tables, as `parseVlanShow` takes them. */
export const VLAN_SHOW = [...SHOW_OPTIONS, ...SHOW_WORDS] as const;
/** Arguments of `bridge` for a batch on its stdin: one that ends at a line that fails, and one that goes on. */
export const BATCH = [...SHOW_OPTIONS, '-batch', '-'] as const;
export const BATCH_ON = [...SHOW_OPTIONS, '-force', '-batch', '-'] as const;
/** Arguments of `ip`: it prints at each VLAN change, port join and leave. What it prints is not read: there is no JSON. */
export const MONITOR_LINKS = ['monitor', 'link'] as const;

/** Arguments of `bridge` for the forwarding database of a bridge, as `parseFdbShow` takes it. */
export function fdbShow(bridge: string): readonly string[] {
  return ['-j', 'fdb', 'show', 'br', bridge];
}

/** The lines of a batch: the changes, and at the end all VLAN tables. */
export function batchOf(changes: readonly Change[]): string {
  return [...changes.map(bridgeArgs), SHOW_WORDS].map((words) => `${words.join(' ')}\n`).join('');
}

/** Whether a batch can hold the name: there `#` starts a comment, quotes group, a backslash continues the line. */
export function fitsBatch(port: string): boolean {
  return /^[\w.@:+-]+$/.test(port);
}

/** Whether that is what `bridge` says of a line whose device is not there. */
export function saysNoDevice(why: string): boolean {
  return /^Cannot find (bridge )?device "/.test(why);
}

/** Line numbers from `Command failed -:LINE`, each with the error lines that stand before it. */
export function failedLines(stderr: string): readonly { readonly line: number; readonly why: string }[] {
  const out: { line: number; why: string }[] = [];
  let errors: string[] = [];
  for (const text of stderr.split('\n')) {
    const line = /^Command failed -:(\d+)$/.exec(text.trim())?.[1];
    if (line !== undefined) out.push({ line: Number(line), why: errors.join(' ') || 'failed' });
    if (line !== undefined) errors = [];
    else if (text.trim() !== '') errors.push(text.trim());
  }
  return out;
}

/** The JSON of `bridge -j [-compressvlans] vlan show`. Throws Error where it has another form than iproute2 5.x to 6.x writes. */
export function parseVlanShow(json: string): ReadonlyMap<string, VlanTable> {
  const ports = parseIprouteJson(json);
  if (!Array.isArray(ports)) throw new Error('expected a list of ports, as iproute2 5.0 and newer print it');
  // A port may be listed twice: its rows are those of both.
  const rows = new Map<string, VlanRun[]>();
  for (const { name, runs } of ports.map(parsePort)) rows.set(name, [...(rows.get(name) ?? []), ...runs]);
  return new Map([...rows].map(([name, runs]) => [name, vlanTable(runs)]));
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

/** The JSON of `bridge -j fdb show`. Throws Error where it has another form. */
export function parseFdbShow(json: string): Fdb {
  const entries = parseIprouteJson(json);
  if (!Array.isArray(entries)) throw new Error('expected a list of entries');
  const found = new Map<string, Map<string, Vids>>();
  for (const entry of entries) {
    const { ifname, mac: written, vlan, state } = (entry ?? {}) as Readonly<Record<string, unknown>>;
    if (typeof ifname !== 'string' || typeof written !== 'string') throw new Error(`not an entry: ${excerpt(entry)}`);
    const mac = parseMac(written);
    if (state !== 'static' || typeof vlan !== 'number' || !isVid(vlan) || mac === undefined) continue;
    const ofPort = found.get(ifname) ?? new Map<string, Vids>();
    found.set(ifname, ofPort.set(mac, vidsFrom([...(ofPort.get(mac) ?? []), vidRange(vlan)])));
  }
  return found;
}
