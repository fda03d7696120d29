// Drift that libvirt may just be making itself: it changes the port first, and writes the domain's XML some milliseconds later. So such
// drift is healed when it has stood for a second, and is gone by then where it was libvirt's.
import type { VnetPlan } from '../model/plan.ts';
import { hasVid, overlay, vid } from '../model/vlan.ts';
import { guardKey } from './guard.ts';

/** Since when vnets are drifted in such a way. By their key in the guard's state. */
export type AtWork = ReadonlyMap<string, number>;

const SETTLES_MS = 1000;

/** `before`: as of the last look. */
export function atWork(drifted: readonly VnetPlan[], before: AtWork, now: number): AtWork {
  // The clock may have been set back.
  const since = (key: string) => Math.min(before.get(key) ?? now, now);
  return new Map(
    drifted
      .filter(mayBeLibvirts)
      .map(guardKey)
      .map((key) => [key, since(key)]),
  );
}

/** When it is healed though libvirt may be at it; in the past where it may not. */
export function settledAt(vnet: VnetPlan, at: AtWork): number {
  return (at.get(guardKey(vnet)) ?? Number.NEGATIVE_INFINITY) + SETTLES_MS;
}

function mayBeLibvirts({ changes, before, expected }: VnetPlan): boolean {
  // When a VM is paused, libvirt takes its FDB entries away. Entries that were added before its XML says so would be in its way when it
  // resumes the VM: it adds none after the first that is there.
  if (changes.every(({ action }) => action === 'fdb add')) return true;
  // `virsh update-device` with another <vlan>: what is wanted as of now is the former one's.
  if (expected?.rule === 'libvirt') return true;
  // And with one where none was: libvirt takes off VLAN 1, and nothing of the default is there.
  if (expected?.rule !== 'default' || before.length === 0 || hasVid(before, vid(1))) return false;
  return overlay(before, expected.table).every(({ a, b }) => !a || !b);
}
