// An operator's word that a policy is accepted: `heal` leaves it in a file beside the status of the remediator that runs, which takes it once.
import type { Host } from '../host/host.ts';
import { createStatusReader } from '../host/remediator-status.ts';
import type { Policy } from '../model/policy.ts';
import { AGREED_FILE } from '../model/remediator-paths.ts';
import { orUndefined } from '../model/snapshot.ts';

const RELOAD = 'systemctl reload libvirt-vlan-remediator, then heal again';

/** Why a remediator that heals now would put back what is healed by this policy, for people; undefined where none would. */
export function undoneBy(host: Host, { sha256 }: Policy): string | undefined {
  const view = createStatusReader(host)();
  if (view.kind !== 'current' || view.status.paused || view.status.dryRun) return undefined;
  const { policySha256, heldPolicySha256 } = view.status;
  if (policySha256 === '' || [policySha256, heldPolicySha256].includes(sha256)) return undefined;
  return `the remediator goes by another policy than the config, and would undo this: ${RELOAD}`;
}

/** Tells the remediator. Where none runs there is nobody to tell: one that starts later is not meant. Returns why it may not hear, for people. */
export function agree(host: Host, { sha256 }: Policy): string | undefined {
  const view = createStatusReader(host)();
  if (view.kind === 'absent') return undefined;
  if (view.kind === 'stale')
    return 'its status is old, as if it did not run; if it does, heal again once its status is new';
  try {
    host.replaceFile(AGREED_FILE, `${sha256}\n`, { mode: 0o644 });
  } catch (error) {
    return (error as Error).message;
  }
  if (view.kind !== 'current' || [view.status.policySha256, view.status.heldPolicySha256].includes(sha256))
    return undefined;
  return `it still goes by another policy; where it was not told: ${RELOAD}`;
}

/** The sha256 of the policy that was accepted since the last time; undefined where there is no word. */
export function readAgreement(host: Pick<Host, 'readText'>): string | undefined {
  return orUndefined(() => host.readText(AGREED_FILE).trim());
}
