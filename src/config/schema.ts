// The config file: every key, what it is for, and its preset. The JSON Schema (systemd/config.schema.json) is made from this.
import { parseDuration } from '../model/duration.ts';
import { SOURCES, UNEXPECTED } from '../model/policy.ts';
import { type Vid, vidRange } from '../model/vlan.ts';
import {
  aliasPattern,
  bool,
  domainPattern,
  duration,
  identifier,
  integer,
  interfaceName,
  line,
  mac,
  namePattern,
  oneOf,
  pvid,
  schedule,
  vids,
} from './kinds.ts';
import { bridgeRemarks, hostRemarks, intentRemarks, ruleRemarks, SELECTORS, selectorRemarks } from './remarks.ts';
import { anyOf, checked, list, object, optional, preset, record, required, type Shape, section } from './shape.ts';

const selector = <T>(of: Shape<T>, example: string, description: string) =>
  optional(list(of, `a list of at least one name or glob, as ${example}`, 1), description);

const ruleKeys = object({
  name: required(line, 'What the rule is called in metrics, reports and logs.'),
  because: optional(line, 'Why there is this rule, for people.'),
  domains: selector(
    domainPattern,
    '[vyos-01, "k3s-*"]',
    'The domains it is for: names, or globs with * and ?. Of the selectors (domains, mac, networks, portgroups, aliases) at least one stands, and each that stands must fit.',
  ),
  mac: optional(mac, 'Only the interface with this MAC address.'),
  networks: selector(namePattern, '[lan]', 'Only interfaces of these libvirt networks: names or globs.'),
  portgroups: selector(namePattern, '[dmz]', 'Only interfaces of these portgroups of their network: names or globs.'),
  aliases: selector(aliasPattern, '[ua-lan]', 'Only interfaces that the user gave such an alias: names or globs.'),
  vlans: optional(vids, "The VLANs of their vnets; the bridge's where left out."),
  pvid: optional(pvid, "The PVID of their vnets, none for tagged only; the bridge's where left out."),
});

const rule = checked(anyOf(ruleKeys, SELECTORS), selectorRemarks);

const host = checked(
  object({
    vlans: required(vids, 'The VLANs of the bridge itself, at least these; required where there is host.'),
    pvid: preset(
      pvid,
      'Its PVID; none: the VLANs above are tagged, and it may have any other as PVID, or none.',
      'none',
    ),
  }),
  hostRemarks,
);

const bridge = checked(
  object({
    vlans: required(vids, 'The VLANs of every vnet on this bridge: ids, and ranges as 200-210.'),
    pvid: required(pvid, 'The PVID of the vnets that no rule names, none for tagged only.'),
    uplinks: preset(
      list(interfaceName, 'a list of interface names, as [eno1]'),
      'Ports that lead out of the host: checked for the VLANs in use, never changed.',
      [],
    ),
    unexpected: preset(
      oneOf(...UNEXPECTED),
      "VLANs on a vnet that the policy does not name: report tells of them, remove also removes them when healing, ignore does neither. VLAN 1 and the bridge's default PVID are always removed where not wanted.",
      'report',
    ),
    rules: preset(
      checked(list(rule, 'a list of rules, each beginning with "- name:"'), ruleRemarks),
      'Exceptions from the VLANs and PVID above; the first that names a vnet is the one.',
      [],
    ),
    intent: preset(
      checked(
        list(oneOf(...SOURCES), 'a list of at least one out of rules, vlan, metadata, as [rules, vlan]', 1),
        intentRemarks,
      ),
      "Where it is written what a vnet should have; the first that speaks of it counts. rules: above; vlan: libvirt's own <vlan>; metadata: the domain's metadata. Where two speak and differ, it is told and nothing is changed.",
      ['rules', 'vlan'],
    ),
    allowed: preset(vids, 'The VLANs that vlan and metadata may ask for.', [vidRange(1, 4094)], ['1-4094']),
    host: optional(
      host,
      "The bridge's own place on it, as the host's management network needs: checked, never changed.",
    ),
  }),
  bridgeRemarks,
);

function preparedDuration(written: string, description: string) {
  return preset(duration, description, parseDuration(written) ?? 0, written);
}

/** The whole file. */
export const configFile = object({
  bridges: required(
    record(interfaceName, bridge, 'a mapping of bridges, as "br-mgmt:", or {} for none'),
    'The VLAN-filtering Linux bridges to watch, by name; {} for none.',
  ),
  schedule: preset(
    schedule,
    'When to audit everything, as cron with seconds first, in UTC; changes are seen at once besides.',
    '*/15 * * * * *',
  ),
  hook: section(
    {
      identifiers: preset(
        list(identifier, 'a list of at least one journal identifier, as [libvirt-hook]', 1),
        'The journal identifiers of the hook; ours, libvirt-hook, counts besides.',
        ['libvirt-hook'],
      ),
      wait_seconds: preset(integer(0, 600), 'How long the hook waits for the taps of a VM that has started.', 15),
      fail_closed: preset(bool, 'Whether a hook that fails keeps the VM from starting.', false),
    },
    "libvirt's hook.",
  ),
  remediation: section(
    {
      max_heals: preset(integer(1, 1000), 'Heals of one vnet within the window, before it is suspended.', 5),
      window: preparedDuration('10m', 'The time in which heals are counted.'),
      cooldown: preparedDuration(
        '10m',
        'How long a suspended vnet waits for its next probe, and how long a healed one must stay compliant to be forgiven.',
      ),
      max_vnets_per_policy_change: preset(
        integer(0, 100_000),
        'When a change of this file, or what domains newly ask for, would move more vnets than this, they are held until an operator runs heal.',
        10,
      ),
    },
    'When to heal and when to stop.',
  ),
  metrics: section(
    {
      max_vlan_series_per_vnet: preset(
        integer(0, 4094),
        'At most so many vnet_vlan_member series for one vnet; the rest is counted in vnet_vlan_series_dropped.',
        64,
      ),
    },
    'What is published.',
  ),
});

type Read<S> = S extends { read(...args: never[]): infer T | undefined } ? T : never;
export type ConfigFile = NonNullable<Read<typeof configFile>>;
export type BridgeEntry = ConfigFile['bridges'][number][1];
export type RuleEntry = BridgeEntry['rules'][number];

/** A pvid as in the file: `none` is a word there, and undefined elsewhere. */
export function pvidFrom(written: Vid | 'none'): Vid | undefined {
  return written === 'none' ? undefined : written;
}
