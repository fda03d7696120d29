// How libvirt calls the hook: GUEST OPERATION SUBOPERATION EXTRA. https://libvirt.org/hooks.html#qemu
// A start is prepare, start (the taps are on the bridge, the vCPUs do not run yet), started; `reconnect` comes for every
// running VM when libvirtd restarts.

export interface Call {
  readonly guest: string;
  readonly operation: string;
}

/** The operations at which something is done; at all others nothing, silently. */
export const OPERATIONS = ['start', 'started', 'reconnect'] as const;
export type Operation = (typeof OPERATIONS)[number];

/** undefined where there is nothing to do. Throws Error where it is no call of libvirt's. */
export function parseCall(args: readonly string[]): { guest: string; operation: Operation } | undefined {
  const [guest, operation] = args;
  if (!guest || !operation) throw new Error('expected GUEST OPERATION SUBOPERATION EXTRA');
  const known = OPERATIONS.find((name) => name === operation);
  return known && { guest, operation: known };
}
