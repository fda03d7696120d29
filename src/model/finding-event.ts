// A finding that appears, changes or is gone: the form in which the exporter writes it to the journal, and `history` reads it.
// systemd.journal-fields(7): fields are the writer's own, in capitals. Hook and remediator write LIBVIRT_VLAN_FINDING, too.
import type { Finding } from './report.ts';

/** `found`: it was there when the exporter started. `changed`: still there, but what is expected or actual is another. */
export type FindingState = 'found' | 'appeared' | 'changed' | 'gone';

export interface FindingEvent {
  /** When the audit began that saw it, milliseconds since the epoch. */
  readonly at: number;
  readonly state: FindingState;
  readonly finding: Finding;
}

/** MESSAGE_ID of each of these entries: `journalctl MESSAGE_ID=…` shows them all. */
export const FINDING_MESSAGE_ID = 'f0de45424c9d4bd2b3f8d4a36e4a2c31';
/** MESSAGE_ID of an entry that says how many were not written one by one. */
export const FINDINGS_LEFT_OUT_MESSAGE_ID = 'f80b8ba0c1a64a45872dc7c28d9be157';

/** The event as fields of a journal entry; what is undefined is left out there. */
export function findingFields({ at, state, finding }: FindingEvent) {
  return {
    LIBVIRT_VLAN_AT: at,
    LIBVIRT_VLAN_DOMAIN: finding.domain,
    LIBVIRT_VLAN_BRIDGE: finding.bridge,
    LIBVIRT_VLAN_VNET: finding.vnet,
    LIBVIRT_VLAN_FINDING: finding.reason,
    LIBVIRT_VLAN_STATE: state,
    LIBVIRT_VLAN_EXPECTED: finding.expected,
    LIBVIRT_VLAN_ACTUAL: finding.actual,
  } as const;
}
