// A new policy that the remediator holds, as it would rewire too many vnets, is not put in force by a restart of libvirtd either.
import type { HookHost } from '../host/linux/hook-machine.ts';
import { STATUS_FILE } from '../model/remediator-paths.ts';

/** Whether the remediator holds this policy until an operator agrees. False where no remediator runs. Never throws. */
export function isHeld({ readText }: Pick<HookHost, 'readText'>, policySha256: string): boolean {
  try {
    // One key of it: the schema would make the start of every VM slower (model/remediator-status.ts).
    return JSON.parse(readText(STATUS_FILE))?.heldPolicySha256 === policySha256;
  } catch {
    return false;
  }
}
