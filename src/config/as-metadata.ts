// The rules of a policy as metadata of the domains that they are for: the virsh commands that write it. The metadata migrates with the
// VM, so that no other host needs the rules. virsh(1), metadata: `--set` replaces all that was there, so what it said of other
// interfaces is written again.
import { compare } from '../model/order.ts';
import type { BridgePolicy, Policy, Rule } from '../model/policy.ts';
import { shellWord } from '../model/shell.ts';
import { type Domain, type Interface, METADATA_NAMESPACE, type MetadataElement } from '../model/snapshot.ts';
import { pvidOf, type VlanTable, vidRange, vidsOf, vidsWithout } from '../model/vlan.ts';
import { ruleFor } from '../policy/expect.ts';
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
    domain.state === 'unknown' ? [domain.problem ?? `${domain.name}: cannot be read`] : onNoBridgeYet(domain),
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

function proposalFor(policy: Policy, domain: Domain): MetadataProposal {
  const ruled = ruledOf(policy, domain);
  if (ruled.length === 0) return { commands: [], leftOut: [] };
  const leave = (why: string) => ({ commands: [], leftOut: [`${domain.name}: ${why}`] });
  const said = domain.metadata ? entriesOf(domain.metadata) : { entries: [] };
  if ('problem' in said) return leave(wouldBeLost(said.problem));
  const ours = new Map(ruled.map(({ iface, rule }) => [iface.mac, entry(iface.mac, rule.table)]));
  const kept = said.entries.filter(({ mac }) => mac === undefined || !ours.has(mac));
  const element = metadataElement([...ours.values(), ...kept]);
  return { commands: [command(domain, element)], leftOut: [] };
}

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
  return { mac, vlans: vidsWithout(vidsOf(table), pvid === undefined ? [] : [vidRange(pvid)]), pvid: pvid ?? 'none' };
}

function command({ name, state }: Domain, element: MetadataElement): string {
  const where = state === 'running' ? '--live --config' : '--config';
  const to = `--domain ${shellWord(name)} --uri ${METADATA_NAMESPACE} --key lve`;
  return `virsh metadata ${to} --set ${shellWord(elementText(element))} ${where}`;
}
