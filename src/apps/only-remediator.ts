// One `remediate` on a host at a time. Two would publish the same status and save the same state, each with its own guard: one that
// tries something out by hand would hide the service, and take its status away at its end.
import { takeLock } from '../host/linux/lock.ts';
import { OperatorError } from '../model/mistake.ts';
import { attemptLock } from '../remediation/attempt-lock.ts';

/** This process must not be a remediator now. */
export class NotOnlyError extends OperatorError {
  override readonly name = 'NotOnlyError';
}

/**
 * Makes this process the host's remediator, as long as it lives and however it dies; returns what ends that. `folder`: of a lock of
 * its own, for the other one is `heal`'s, too, and held for a cycle only. Throws NotOnlyError where there is another remediator.
 */
export async function beOnlyRemediator(folder: string, dryRun: boolean): Promise<() => Promise<void>> {
  const lock = await attemptLock(() => takeLock(folder, `process ${process.pid}${dryRun ? ', dry run' : ''}`));
  if ('problem' in lock)
    throw new NotOnlyError(`the lock cannot be taken: ${lock.problem}; remediate must run as root or by its unit`);
  if (!lock.held)
    throw new NotOnlyError(
      `another remediate runs on this host (${lock.holder}), and there can be only one. To see what it would change, run ` +
        '"libvirt-vlan-exporter plan". To run this one, stop the other one first: systemctl stop libvirt-vlan-remediator',
    );
  return lock.release;
}
