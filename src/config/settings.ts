// What the config file says, in normal form: every default filled in, durations in milliseconds.
import type { Policy } from '../model/policy.ts';

export const DEFAULT_CONFIG_FILE = '/etc/libvirt-vlan-exporter/config.yml';

export interface Settings {
  readonly policy: Policy;
  /** Cron, seconds first: the full audit. */
  readonly schedule: string;
  readonly hook: {
    /** SYSLOG_IDENTIFIERs of the hook, without brackets. */
    readonly identifiers: readonly string[];
    readonly waitMs: number;
    readonly failClosed: boolean;
  };
  readonly remediation: {
    readonly maxHeals: number;
    readonly windowMs: number;
    readonly cooldownMs: number;
    readonly maxVnetsPerPolicyChange: number;
  };
  readonly metrics: { readonly maxVlanSeriesPerVnet: number };
}
