// What happened to vnets, as hook, remediator and exporter wrote it to the journal.
import type { VnetOutcome } from './vnet-event.ts';

/** Who writes, and the SYSLOG_IDENTIFIER of what it writes. The unit of a daemon is called the same, and `.service`. */
export const WRITERS = {
  hook: 'libvirt-hook',
  remediator: 'libvirt-vlan-remediator',
  exporter: 'libvirt-vlan-exporter',
} as const;

export type Writer = keyof typeof WRITERS;

/**
 * `started`: the VM. `configured`: by the hook, or right already when it looked. `drifted`: a finding appeared
 * or changed. `found`: it was there when the exporter started. `cleared`: it is gone. `healed`: and verified. `failed`, `reverted`, `vanished`, `held`, `suspended`, `paused`, `dry_run`, `refused`, `absent`:
 * as outcomes are called. `error`, `warning`: of the hook, about no outcome. `left_out`: findings that were not written one by one.
 */
export type HistoryKind =
  | 'started'
  | 'configured'
  | 'drifted'
  | 'found'
  | 'cleared'
  | 'healed'
  | Exclude<VnetOutcome, 'verified' | 'compliant'>
  | 'error'
  | 'warning'
  | 'left_out';

/** Text in it is as it was written: names and messages of others' choice. */
export interface HistoryEvent {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** `heal`: an operator's, which writes under the remediator's name. */
  readonly by: Writer | 'heal';
  readonly kind: HistoryKind;
  /** undefined where it is about no domain alone. */
  readonly domain: string | undefined;
  readonly bridge: string | undefined;
  readonly vnet: string | undefined;
  /** Of findings. */
  readonly reasons: readonly string[];
  /** What the policy expects, and what was found, for people; of findings. */
  readonly expected: string | undefined;
  readonly actual: string | undefined;
  /** VLAN tables as `formatTable` writes them. */
  readonly before: string | undefined;
  readonly after: string | undefined;
  /** Why it was not healed, for people; of the remediator and of `heal`. */
  readonly problem: string | undefined;
  /** The entry's own sentence, on one line. */
  readonly text: string;
}

export interface History {
  /** The newest last. */
  readonly events: readonly HistoryEvent[];
  /** There is more than could be read: the oldest events are missing. */
  readonly cut: boolean;
}
