// Why a finding is one.

export const REASONS = [
  'pvid_wrong',
  'pvid_missing',
  'vlan_missing',
  'vlan_unexpected',
  'tagging_wrong',
  'not_on_bridge',
  'mac_ambiguous',
  'filtering_off',
  'uplink_vlan_missing',
] as const;

export type Reason = (typeof REASONS)[number];
