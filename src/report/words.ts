// Words for people, each made from the vocabulary's own: what is `pvid_wrong` in metrics is "PVID wrong" here.

import type { Reason } from '../model/reasons.ts';
import type { Finding } from '../model/report.ts';
import { shellWord } from '../model/shell.ts';

/** What each reason means for the traffic. Stands once on the page, with the reason. */
export const MEANING: Readonly<Record<Reason, string>> = {
  pvid_wrong: 'untagged frames of the guest go into the wrong VLAN',
  pvid_missing: 'untagged frames of the guest are dropped',
  vlan_missing: 'tagged frames of these VLANs are dropped',
  vlan_unexpected: 'the guest reaches VLANs that it should not',
  tagging_wrong: 'frames of a VLAN leave tagged where untagged is expected, or the reverse',
  not_on_bridge: 'an interface of a running domain has no port on its bridge',
  mac_ambiguous: 'more than one interface fits the port: it is left alone',
  filtering_off: 'the bridge enforces no VLAN at all',
  uplink_vlan_missing: 'VLANs in use do not leave the host',
};

/** The reason as words: `pvid_wrong` → `PVID wrong`. */
export function reasonWords(reason: Reason): string {
  return reason
    .split('_')
    .map((word) => (word === 'pvid' || word === 'vlan' || word === 'mac' ? word.toUpperCase() : word))
    .join(' ');
}

/** `1 vnet`, `2 vnets`, `1,000 vnets`. */
export function count(n: number, noun: string): string {
  return `${thousands(n)} ${noun}${n === 1 ? '' : 's'}`;
}

/** 1000 → `1,000`. */
export function thousands(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** The commands that show a finding, for a shell, as root. */
export function commandsFor(finding: Finding): readonly string[] {
  const plan = finding.domain === undefined ? [] : [`libvirt-vlan-exporter plan ${argument(finding.domain)}`];
  switch (finding.reason) {
    case 'filtering_off':
      return [`cat /sys/class/net/${shellWord(finding.bridge)}/bridge/vlan_filtering`];
    case 'not_on_bridge':
      return [`ip link show master ${shellWord(finding.bridge)}`, ...plan];
    case 'mac_ambiguous':
      return [`ip -br link show master ${shellWord(finding.bridge)}`];
    default:
      return [...(finding.vnet === undefined ? [] : [`bridge vlan show dev ${shellWord(finding.vnet)}`]), ...plan];
  }
}

// A name that starts with a dash would be taken for an option.
function argument(word: string): string {
  return word.startsWith('-') ? `-- ${shellWord(word)}` : shellWord(word);
}

/** An id of an element, the same in each rendering: an update finds it again. */
export function idOf(...words: readonly (string | undefined)[]): string {
  return words.map((word) => (word ?? '').replaceAll(/\s/g, '_')).join('/');
}
