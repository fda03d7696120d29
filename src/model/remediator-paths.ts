// Where the remediator lives while it runs: its RuntimeDirectory, gone with it.

export const REMEDIATOR_FOLDER = '/run/libvirt-vlan-remediator';
/** Who changes the network, see host/linux/lock.ts. */
export const LOCK_FOLDER = `${REMEDIATOR_FOLDER}/lock`;
/** Who is the remediator, another lock of that kind. */
export const RUNNING_FOLDER = `${REMEDIATOR_FOLDER}/running`;
export const STATUS_FILE = `${REMEDIATOR_FOLDER}/status.json`;
/** There while nothing is to be healed. */
export const PAUSE_FILE = `${REMEDIATOR_FOLDER}/pause`;
/** The sha256 of the policy that an operator accepted by `heal`, until the remediator has read it. */
export const AGREED_FILE = `${REMEDIATOR_FOLDER}/agreed`;
