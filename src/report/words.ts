// Words for people, each made from the vocabulary's own: what is `pvid_wrong` in metrics is "PVID wrong" here.
import { REASON, type Reason } from '../model/reasons.ts';
import type { Finding, Portless, Unknown } from '../model/report.ts';
import { shellArgument } from '../model/shell.ts';

/** The reason as words: `pvid_wrong` → `PVID wrong`. */
export function reasonWords(reason: Reason): string {
  return reason
    .split('_')
    .map((word) => (ABBREVIATIONS.has(word) ? word.toUpperCase() : word))
    .join(' ');
}

const ABBREVIATIONS: ReadonlySet<string> = new Set(['pvid', 'vlan', 'mac', 'fdb']);

/** `1 vnet`, `2 vnets`, `1,000 vnets`. */
export function count(n: number, noun: string): string {
  return `${thousands(n)} ${noun}${n === 1 ? '' : 's'}`;
}

/** 1000 → `1,000`. */
export function thousands(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Why vnets are held, where a remediator of an older version does not say. */
export const HELD =
  'a change would move more vnets than one change may; to accept it, run `libvirt-vlan-exporter heal`';

/** What an unknown is about: `domain web-1`, `vlans`. */
export function subjectOf({ kind, name }: Unknown): string {
  if (kind === 'taps') return `taps of ${name}`;
  return name === undefined ? kind : `${kind} ${name}`;
}

/** The commands that show a finding, for a shell, as root. */
export function commandsFor(finding: Finding): readonly string[] {
  const { inspect, unplanned } = REASON[finding.reason];
  const plans = !unplanned && finding.domain !== undefined;
  return [...inspect(finding), ...(plans ? [`libvirt-vlan-exporter plan ${shellArgument(finding.domain)}`] : [])];
}

/** An id of an element, the same in each rendering: an update finds it again. */
export function idOf(...words: readonly (string | undefined)[]): string {
  return words.map((word) => (word ?? '').replaceAll(/\s/g, '_')).join('/');
}

/** What an interface is that is no port of a Linux bridge: `macvtap on br0`. */
export function portlessKind({ kind, device }: Portless): string {
  return device === undefined ? kind : `${kind} on ${device}`;
}

/** Those that lie on the bridge itself. */
export function portlessOn(bridge: string, all: readonly Portless[]): readonly Portless[] {
  return all.filter(({ device }) => device === bridge);
}

/** `macvtap on br0, past its ports: web-1 (macvtap0)`. */
export function macvtapSentence(bridge: string, past: readonly Portless[]): string {
  const names = past.map(({ domain, target, mac }) => `${domain} (${target ?? mac})`);
  return `macvtap on ${bridge} itself, which no port's VLANs hold: ${names.join(', ')}`;
}
