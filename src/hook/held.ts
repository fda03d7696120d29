// What the remediator leaves as it is, a restart of libvirtd leaves as it is too: while it is paused, while it holds what would rewire too
// much, and before it has taken an edit of the config that would.
import type { HookHost } from '../host/linux/hook-machine.ts';
import { PAUSE_FILE, STATUS_FILE } from '../model/remediator-paths.ts';
import { orUndefined } from '../model/snapshot.ts';

/** Why this VM is left alone at `reconnect`, for people; undefined where it is not, as where no remediator runs. Never throws. */
export function heldBy(
  { readText, stat }: Pick<HookHost, 'readText' | 'stat'>,
  policySha256: string,
  domain: string,
): string | undefined {
  try {
    if (stat(PAUSE_FILE) !== undefined) return 'the remediator is paused';
    return heldByStatus(readText(STATUS_FILE), policySha256, domain);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // No such file: no remediator. Any other error, as of a hook that SELinux confines, may hide a pause.
    return code === 'ENOENT'
      ? undefined
      : `it cannot be told whether the remediator is paused or holds something: ${message}`;
  }
}

function heldByStatus(text: string, policySha256: string, domain: string): string | undefined {
  // A few keys of it: the schema would make the start of every VM slower (model/remediator-status.ts). One that is cut off is not the
  // remediator's, which replaces the file as a whole: it says nothing, and the config counts.
  const status = orUndefined(() => JSON.parse(text));
  if (status?.heldPolicySha256 === policySha256)
    return 'the remediator holds this policy until an operator runs libvirt-vlan-exporter heal';
  if (typeof status?.policySha256 === 'string' && status.policySha256 !== policySha256)
    return 'the remediator has not taken this policy yet (systemctl reload libvirt-vlan-remediator)';
  const held: readonly ({ domain?: unknown } | null)[] = Array.isArray(status?.held) ? status.held : [];
  return held.some((vnet) => vnet?.domain === domain)
    ? 'the remediator holds what this domain asks for until an operator runs libvirt-vlan-exporter heal'
    : undefined;
}
