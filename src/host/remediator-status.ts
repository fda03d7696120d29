// What the remediator tells of itself, read as data: it is another process, of another version perhaps, and may be gone.
import { boolean, either, list, number, object, only, optional, string, tuple } from '../model/json-shape.ts';
import type { RemediatorStatus, RemediatorView } from '../model/remediator-status.ts';
import type { Host } from './host.ts';

export const REMEDIATOR_FOLDER = '/run/libvirt-vlan-remediator';
/** Who changes the network, see host/linux/lock.ts. */
export const LOCK_FOLDER = `${REMEDIATOR_FOLDER}/lock`;
export const STATUS_FILE = `${REMEDIATOR_FOLDER}/status.json`;

// A thousand domains, all held, have some 500 kB.
const MAX_BYTES = 16 * 1024 * 1024;

/** Reads the status file anew where it has changed. `maxAgeMs`: how old its last cycle may be. */
export function createStatusReader(host: Host): (maxAgeMs: number) => RemediatorView {
  let last: { readonly identity: string; readonly view: RemediatorView } | undefined;
  return (maxAgeMs) => {
    let view: RemediatorView;
    try {
      const stat = host.stat(STATUS_FILE);
      if (!stat) return { kind: 'absent' };
      const identity = `${stat.ino} ${stat.mtimeMs} ${stat.size}`;
      if (last?.identity !== identity) {
        if (!stat.isFile || stat.size > MAX_BYTES) throw new Error('not a status file');
        last = { identity, view: parseStatus(host.readText(STATUS_FILE)) };
      }
      view = last.view;
    } catch (error) {
      return { kind: 'unreadable', problem: (error as Error).message };
    }
    if (view.kind !== 'current') return view;
    return host.now() - view.status.lastCycleAt > maxAgeMs ? { ...view, kind: 'stale' } : view;
  };
}

const isStatus = object({
  version: only(1),
  startedAt: number,
  lastCycleAt: number,
  dryRun: boolean,
  paused: boolean,
  policySha256: string,
  heldPolicySha256: optional(string),
  domains: list(
    object({
      bridge: string,
      domain: string,
      remediations: number,
      failures: number,
      lastAt: optional(number),
      suspendedSince: optional(number),
    }),
  ),
  held: list(object({ bridge: string, domain: string, vnet: string, changes: list(string) })),
  refusals: list(
    object({ bridge: string, domain: optional(string), vnet: optional(string), reason: string, text: string }),
  ),
  duration: object({ buckets: list(tuple(either(only(null), number), number)), sum: number, count: number }),
  recent: list(
    object({
      at: number,
      bridge: string,
      domain: string,
      vnet: string,
      trigger: string,
      outcome: string,
      before: string,
      after: string,
      commands: list(string),
      problem: optional(string),
      durationMs: optional(number),
    }),
  ),
});

/** The file's text as a view that is `current` or `unreadable`. */
export function parseStatus(text: string): RemediatorView {
  try {
    const value: unknown = JSON.parse(text);
    const problem = isStatus(value);
    if (problem !== undefined) return { kind: 'unreadable', problem: `status.json${problem}` };
    return { kind: 'current', status: value as RemediatorStatus };
  } catch (error) {
    return { kind: 'unreadable', problem: `status.json: ${(error as Error).message}` };
  }
}
