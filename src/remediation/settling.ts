// Who changed a port may be libvirt, which says so in the domain's XML some milliseconds later: `virsh update-device` with another <vlan>
// takes the port off its bridge and back, and sets its VLANs. So what may be libvirt's is healed when it has stood for a second, and is no
// drift by then where it was.
import type { VnetPlan } from '../model/plan.ts';
import { isWhole, type Report, type VnetReport } from '../model/report.ts';
import {
  formatVids,
  hasVid,
  overlay,
  sameFlags,
  sameTable,
  tableOfNewPort,
  type Vids,
  type VlanTable,
  vid,
} from '../model/vlan.ts';
import { guardKey } from './guard.ts';

/** How the vnets' ports are, by the vnets' keys in the guard's state. */
export type PortStates = ReadonlyMap<string, PortState>;

interface PortState {
  readonly table: VlanTable;
  /** VLANs in which the FDB entry that libvirt should keep is missing. */
  readonly lacks: Vids;
  /** As a port that has just joined its bridge. */
  readonly isNew: boolean;
  /** When it was first seen so. */
  readonly since: number;
  /** Since when it has been another within a second, again and again. */
  readonly restlessSince: number;
}

const SETTLES_MS = 1000;
// libvirt changes a port once, and not for seconds on end: who does is somebody else, for the guard.
const RESTLESS_MS = 5000;

/** `before`: as of the last look. What this one may have missed is not forgotten. */
export function portStates(report: Report | undefined, before: PortStates, now: number): PortStates {
  const states = new Map<string, PortState>(report && isWhole(report) ? [] : before);
  for (const { vnets, defaultPvid } of report?.bridges ?? []) {
    const ofNewPort = tableOfNewPort(defaultPvid);
    for (const vnet of vnets) {
      if (!vnet.actual) continue;
      const key = guardKey(vnet);
      states.set(key, stateOf(vnet, vnet.actual, ofNewPort, before.get(key), now));
    }
  }
  return states;
}

function stateOf(
  { fdb }: VnetReport,
  table: VlanTable,
  ofNewPort: VlanTable,
  before: PortState | undefined,
  now: number,
): PortState {
  const lacks = fdb?.add ?? [];
  const isSame = before && sameTable(before.table, table) && formatVids(before.lacks) === formatVids(lacks);
  if (isSame && before.since <= now) return before;
  // The clock may have been set back.
  const isRestless = before && before.since <= now && now < before.since + SETTLES_MS;
  const restlessSince = isRestless ? before.restlessSince : now;
  return { table, lacks, isNew: sameTable(table, ofNewPort), since: now, restlessSince };
}

/** When it may be healed, since libvirt would have said by then that the change was its own; in the past where libvirt cannot have made it. */
export function settlesAt(vnet: VnetPlan, states: PortStates): number {
  const state = states.get(guardKey(vnet));
  if (!state || !mayBeLibvirts(vnet, state)) return Number.NEGATIVE_INFINITY;
  return Math.min(state.since + SETTLES_MS, state.restlessSince + RESTLESS_MS);
}

function mayBeLibvirts({ changes, before, expected }: VnetPlan, { isNew }: PortState): boolean {
  // When a VM is paused, libvirt takes its FDB entries away. Entries that were added before its XML says so would be in its way when it
  // resumes the VM: it adds none after the first that is there.
  if (changes.every(({ action }) => action === 'fdb add')) return true;
  if (expected?.rule === 'libvirt') return true;
  // As after a <vlan> where none counted so far: VLAN 1 is off, and so is what the port had, but for what <vlan> has, too.
  if (!expected || isNew || hasVid(before, vid(1))) return false;
  const rows = overlay(before, expected.table);
  const isOther = before.length === 0 || rows.some(({ a, b }) => a && !(b && sameFlags(a, b)));
  return isOther && rows.some(({ a }) => !a);
}
