// What became of one vnet: the one form in which hook and remediator write it to the journal, and in which `journalctl -o json`
// gives it back. systemd.journal-fields(7): fields are the writer's own, in capitals.
/**
 * An outcome of a plan; or why there was none. `held`, `suspended`, `paused`, `dry_run`: the remediator did not heal. `compliant`:
 * nothing was to be done. `refused`: it is never healed. `absent`: it has no port.
 */
export const VNET_OUTCOMES = [
  'verified',
  'failed',
  'reverted',
  'vanished',
  'held',
  'suspended',
  'paused',
  'dry_run',
  'compliant',
  'refused',
  'absent',
] as const;
export type VnetOutcome = (typeof VNET_OUTCOMES)[number];

export interface VnetEvent {
  readonly domain: string;
  readonly bridge?: string | undefined;
  /** The port; undefined where there is none. */
  readonly vnet?: string | undefined;
  /** undefined where it is about the domain as a whole. */
  readonly outcome?: VnetOutcome | undefined;
  /** Tables as `formatTable` writes them. */
  readonly before?: string | undefined;
  readonly after?: string | undefined;
  readonly durationMs?: number | undefined;
}

/** The event as fields of a journal entry; what is undefined is left out there. */
export function eventFields({ domain, bridge, vnet, outcome, before, after, durationMs }: VnetEvent) {
  return {
    LIBVIRT_VLAN_DOMAIN: domain,
    LIBVIRT_VLAN_BRIDGE: bridge,
    LIBVIRT_VLAN_VNET: vnet,
    LIBVIRT_VLAN_OUTCOME: outcome,
    LIBVIRT_VLAN_BEFORE: before,
    LIBVIRT_VLAN_AFTER: after,
    LIBVIRT_VLAN_DURATION_MS: durationMs === undefined ? undefined : Math.round(durationMs),
  } as const;
}
