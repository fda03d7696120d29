// How libvirt calls the hook: GUEST OPERATION SUBOPERATION EXTRA. https://libvirt.org/hooks.html#qemu
// A start is prepare, start (the taps are on the bridge, the vCPUs do not run yet), started; `reconnect` comes for every
// running VM when libvirtd restarts. src/hook/hook.sh passes on these three and no others.

/** What libvirt does not wait for: these become jobs. */
const LATER = ['started', 'reconnect'] as const;
export type Operation = 'start' | (typeof LATER)[number];

/** One call, with the domain's XML as libvirt gave it. */
export interface Call {
  readonly guest: string;
  readonly operation: Operation;
  readonly xml: string;
}

/** A job as hook.sh leaves it in the spool folder: a line with the operation, one with the guest, then the XML. Throws Error. */
export function parseJob(text: string): Call {
  const [, operation, guest, xml = ''] = /^([^\n]*)\n([^\n]*)\n(.*)$/s.exec(text) ?? [];
  const known = LATER.find((name) => name === operation);
  if (!known || !guest) throw new Error('expected lines with operation and guest, then XML');
  return { guest, operation: known, xml };
}
