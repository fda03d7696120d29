// A proposed policy as the text of a config file, with comments for whoever reads it. Pure.
import { stringify } from 'yaml';
import type { IntentSource } from '../model/policy.ts';
import { formatRange, type Vid, type Vids } from '../model/vlan.ts';

export interface ProposedBridge {
  readonly name: string;
  readonly vlans: Vids;
  readonly pvid: Vid | undefined;
  /** How many of the vnets that it was learned from have just that; undefined: it is the bridge's default PVID. */
  readonly support: { readonly vnets: number; readonly of: number } | undefined;
  /** Where some of the matched vnets say by `<vlan>` what they should have. */
  readonly intent:
    | { readonly sources: readonly IntentSource[]; readonly vnets: number; readonly of: number }
    | undefined;
  readonly uplinks: readonly string[];
  /** Ports that lead out of the host, and lack VLANs in use: as uplinks they would be findings at once. */
  readonly unfit: readonly string[];
  readonly rules: readonly ProposedRule[];
}

export interface ProposedRule {
  readonly name: string;
  readonly networks?: readonly string[];
  readonly domains?: readonly string[];
  readonly mac?: string;
  /** undefined: the bridge's. */
  readonly vlans: Vids | undefined;
  readonly pvid: Vid | undefined;
}

const HEAD = [
  '# Proposed by "libvirt-vlan-exporter config infer" from what runs now. Read it before you use it: what is wrong on the host',
  '# today is demanded here.',
  'bridges:',
];

export function renderProposal(bridges: readonly ProposedBridge[]): string {
  return `${[...HEAD, ...bridges.flatMap(bridgeLines)].join('\n')}\n`;
}

function bridgeLines({ name, vlans, pvid, support, intent, uplinks, unfit, rules }: ProposedBridge): readonly string[] {
  return [
    `  ${quote(name)}:`,
    `    vlans: ${vlanList(vlans)}`,
    `    pvid: ${pvid ?? 'none'} # ${support ? `as ${support.vnets} of ${support.of} vnets` : "the bridge's default PVID: no vnet to learn from"}`,
    ...(intent
      ? [`    intent: [${intent.sources.join(', ')}] # ${intent.vnets} of ${intent.of} say it themselves, by <vlan>`]
      : []),
    ...(uplinks.length > 0 ? [`    uplinks: ${list(uplinks)}`] : []),
    ...unfit.map((port) => `    # ${quote(port)} is no uplink here: it lacks VLANs in use`),
    ...(rules.length > 0 ? ['    rules:', ...rules.flatMap(ruleLines)] : []),
  ];
}

function ruleLines({ name, networks, domains, mac, vlans, pvid }: ProposedRule): readonly string[] {
  return [
    `      - name: ${quote(name)}`,
    ...(networks ? [`        networks: ${list(networks)}`] : []),
    ...(domains ? ['        domains:', ...domains.map((domain) => `          - ${quote(domain)}`)] : []),
    ...(mac === undefined ? [] : [`        mac: ${quote(mac)}`]),
    ...(vlans ? [`        vlans: ${vlanList(vlans)}`] : []),
    `        pvid: ${pvid ?? 'none'}`,
  ];
}

function list(names: readonly string[]): string {
  return `[${names.map(quote).join(', ')}]`;
}

function vlanList(vids: Vids): string {
  return `[${vids.map(formatRange).join(', ')}]`;
}

// A text as YAML, in quotes where it would be read as something else; also inside of `[ ]`.
function quote(text: string): string {
  const plain = stringify(text, { lineWidth: 0 }).replace(/\n$/, '');
  // Blanks at the ends that YAML takes as they are, as U+00A0, are seen in quotes alone.
  return /[[\]{},]/.test(plain) || plain !== plain.trim() ? JSON.stringify(text) : plain;
}
