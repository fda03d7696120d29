// The rules of a policy as metadata of the domains that they are for: the virsh commands that write it. The metadata migrates with the
// VM, so that no other host needs the rules. virsh(1), metadata: `--set` replaces all that was there, so what it said of other
// interfaces is written again. A domain that would not be heard as its rules want it is left out.
import { compare } from '../model/order.ts';
import type { BridgePolicy, Policy, Rule } from '../model/policy.ts';
import { shellWord } from '../model/shell.ts';
import { type Domain, type Interface, METADATA_NAMESPACE, type MetadataElement } from '../model/snapshot.ts';
import { virshDomain } from '../model/virsh.ts';
import { pvidOf, sameTable, type VlanTable, vidRange, vidsWithout } from '../model/vlan.ts';
import { expect, ruleFor } from '../policy/expect.ts';
import type { Misunderstood } from '../policy/intent.ts';
import { entriesOf, type MetadataEntry } from '../policy/metadata.ts';
import { elementText, metadataElement } from './metadata-element.ts';

export interface MetadataProposal {
  /** One command for each domain with an interface that a rule names, in the order of their names. */
  readonly commands: readonly string[];
  /** What is not in them, and why, for people. */
  readonly leftOut: readonly string[];
}

/** The commands that say in each domain what the rules say of it. */
export function inferMetadata(policy: Policy, domains: readonly Domain[]): MetadataProposal {
  const leftOut = domains.flatMap((domain) =>
    domain.state === 'unknown'
      ? [domain.problem ?? `${domain.name}: cannot be read`]
      : [...onNoBridgeYet(domain), ...onAnyBridge(policy, domain)],
  );
  const proposals = domains
    .filter(({ state }) => state !== 'unknown')
    .toSorted((a, b) => compare(a.name, b.name))
    .map((domain) => proposalFor(policy, domain));
  return {
    commands: proposals.flatMap(({ commands }) => commands),
    leftOut: [...leftOut, ...proposals.flatMap((proposal) => proposal.leftOut)],
  };
}

// Which bridge a libvirt network has, live XML alone says.
function onNoBridgeYet({ name, state, interfaces }: Domain): readonly string[] {
  if (state !== 'defined') return [];
  return interfaces
    .filter(({ bridge, network }) => bridge === undefined && network !== undefined)
    .map(
      ({ mac, network }) =>
        `${name}: ${mac}: only a running VM tells the bridge of network "${network}": start it first`,
    );
}

// Of type='ethernet', whose bridge only the kernel knows: a rule is in force where the tap lies on its bridge.
function onAnyBridge({ bridges }: Policy, domain: Domain): readonly string[] {
  const ofEthernet = domain.interfaces.filter(({ ethernet }) => ethernet !== undefined);
  return ofEthernet.flatMap((iface) => {
    const may = bridges.flatMap((bridge) => {
      const rule = ruleFor(bridge, { domain, iface });
      return rule ? [`rule ${rule.name} of ${bridge.name}`] : [];
    });
    if (may.length === 0) return [];
    const why = `its XML does not say on which bridge its tap lies, and ${may.join(', ')} may be for it`;
    return [`${domain.name}: ${iface.mac}: ${why}; leave it to the rules`];
  });
}

function proposalFor(policy: Policy, domain: Domain): MetadataProposal {
  const ruled = ruledOf(policy, domain);
  if (ruled.length === 0) return { commands: [], leftOut: [] };
  const leave = (why: string) => ({ commands: [], leftOut: [`${domain.name}: ${why}`] });
  const word = virshDomain(domain);
  if (word === undefined) return leave(NAMELESS);
  const said = domain.metadata ? entriesOf(domain.metadata) : { entries: [] };
  if ('problem' in said) return leave(wouldBeLost(said.problem));
  const ours = new Map(ruled.map(({ iface, rule }) => [iface.mac, entry(iface.mac, rule.table)]));
  const kept = said.entries.filter(({ mac }) => mac === undefined || !ours.has(mac));
  const element = metadataElement([...ours.values(), ...kept]);
  const why = whyUnsaid({ ...domain, metadata: { elements: [element] } }, ruled);
  return why === undefined ? { commands: [command(word, domain, element)], leftOut: [] } : leave(why);
}

const NAMELESS =
  'virsh may take its name for the ID or the UUID of another domain, or it cannot be typed, and its XML has no UUID to name it by; rename it, or leave this VM to the rules';

/** An interface that a rule is for. */
interface Ruled {
  readonly iface: Interface;
  readonly bridge: BridgePolicy;
  readonly rule: Rule;
}

function ruledOf(policy: Policy, domain: Domain): readonly Ruled[] {
  return domain.interfaces.flatMap((iface) => {
    const bridge = policy.bridges.find(({ name }) => name === iface.bridge);
    const rule = bridge && ruleFor(bridge, { domain, iface });
    return rule ? [{ iface, bridge, rule }] : [];
  });
}

function wouldBeLost({ element, expected, found }: Misunderstood): string {
  return `its metadata is not understood, and would be lost: ${element}: ${found}; expected ${expected}; mend or remove it first`;
}

// All of it is written out: what an entry leaves out would be the bridge's, on whatever host.
function entry(mac: string, table: VlanTable): MetadataEntry {
  const pvid = pvidOf(table);
  return { mac, vlans: vidsWithout(table, pvid === undefined ? [] : [vidRange(pvid)]), pvid: pvid ?? 'none' };
}

/** Why the domain with its new metadata would not be heard as the rules want it; undefined where it would. */
function whyUnsaid(domain: Domain, ruled: readonly Ruled[]): string | undefined {
  for (const { iface, bridge, rule } of ruled) {
    const owner = { domain: { ...domain, file: undefined }, iface };
    const { table, undecided } = expect({ ...bridge, intent: ['metadata'] }, owner);
    if (undecided)
      return `${iface.mac}: ${bridge.name} would not take from metadata what rule ${rule.name} wants: ${undecided.actual}; expected ${undecided.expected}; change that, or leave this VM to the rule`;
    if (!sameTable(table, rule.table)) return shared(iface);
  }
  const ifaces = new Set(ruled.map(({ iface }) => iface));
  const macs = new Set(ruled.map(({ iface }) => iface.mac));
  const other = domain.interfaces.find((iface) => !ifaces.has(iface) && macs.has(iface.mac) && mayHear(domain, iface));
  return other && shared(other);
}

function shared({ mac }: Interface): string {
  return `two of its interfaces have the MAC ${mac}, and the rules do not want the same of both: metadata tells them apart by MAC alone; leave this VM to the rules`;
}

// A VM may have its MAC twice: on a bridge, and on a device of the host, which hears nothing.
function mayHear({ state }: Domain, { bridge, network, ethernet }: Interface): boolean {
  return bridge !== undefined || ethernet !== undefined || (state === 'defined' && network !== undefined);
}

function command(word: string, { state }: Domain, element: MetadataElement): string {
  const where = state === 'running' ? '--live --config' : '--config';
  const to = `--domain ${shellWord(word)} --uri ${METADATA_NAMESPACE} --key lve`;
  return `virsh metadata ${to} --set ${shellWord(elementText(element))} ${where}`;
}
