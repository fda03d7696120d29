// What the remediator leaves as it is, a restart of libvirtd leaves as it is too: while it is paused, while it holds what would rewire too
// much, and before it has taken an edit of the config that would.
import type { HookHost } from '../host/linux/hook-machine.ts';
import { PAUSE_FILE, STATUS_FILE } from '../model/remediator-paths.ts';

/** Why this VM is left alone at `reconnect`, for people; undefined where it is not, as where no remediator runs. Never throws. */
export function heldBy(
  { readText, stat }: Pick<HookHost, 'readText' | 'stat'>,
  policySha256: string,
  domain: string,
): string | undefined {
  try {
    if (stat(PAUSE_FILE) !== undefined) return 'the remediator is paused';
    // A few keys of it: the schema would make the start of every VM slower (model/remediator-status.ts).
    const status = JSON.parse(readText(STATUS_FILE));
    if (status?.heldPolicySha256 === policySha256)
      return 'the remediator holds this policy until an operator runs libvirt-vlan-exporter heal';
    if (typeof status?.policySha256 === 'string' && status.policySha256 !== policySha256)
      return 'the remediator has not taken this policy yet (systemctl reload libvirt-vlan-remediator)';
    if (status?.held?.some((vnet: { domain?: unknown }) => vnet?.domain === domain))
      return 'the remediator holds what this domain asks for until an operator runs libvirt-vlan-exporter heal';
  } catch {
    // No remediator, or a status that is cut off: the config counts.
  }
  return undefined;
}
