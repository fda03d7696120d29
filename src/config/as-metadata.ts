// The rules of a policy as metadata of the domains that they are for: the virsh commands that write it. The metadata migrates with the
// VM, so that no other host needs the rules. virsh(1), metadata.
import { compare } from '../model/order.ts';
import type { Policy } from '../model/policy.ts';
import { shellWord } from '../model/shell.ts';
import { type Domain, METADATA_NAMESPACE } from '../model/snapshot.ts';
import { formatRange, pvidOf, type VlanTable, vidRange, vidsOf, vidsWithout } from '../model/vlan.ts';
import { ruleFor } from '../policy/expect.ts';

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
  return { commands: commandsFor(policy, domains), leftOut };
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

function commandsFor(policy: Policy, domains: readonly Domain[]): readonly string[] {
  return domains
    .filter(({ state }) => state !== 'unknown')
    .toSorted((a, b) => compare(a.name, b.name))
    .flatMap((domain) => {
      const entries = domain.interfaces.flatMap((iface) => {
        const bridge = policy.bridges.find(({ name }) => name === iface.bridge);
        const rule = bridge && ruleFor(bridge, { domain, iface });
        return rule ? [entry(iface.mac, rule.table)] : [];
      });
      if (entries.length === 0) return [];
      const xml = `<interfaces>${entries.join('')}</interfaces>`;
      const where = domain.state === 'running' ? '--live --config' : '--config';
      const name = shellWord(domain.name);
      return [`virsh metadata --domain ${name} --uri ${METADATA_NAMESPACE} --key lve --set ${shellWord(xml)} ${where}`];
    });
}

// All of it is written out: what an entry leaves out would be the bridge's, on whatever host.
function entry(mac: string, table: VlanTable): string {
  const pvid = pvidOf(table);
  const vlans = vidsWithout(vidsOf(table), pvid === undefined ? [] : [vidRange(pvid)])
    .map(formatRange)
    .join(', ');
  return `<interface mac="${mac}" vlans="${vlans}" pvid="${pvid ?? 'none'}"/>`;
}
