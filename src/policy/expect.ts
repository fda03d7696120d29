// What a policy wants of one interface: the first source of intent that says something, in the bridge's order; else the bridge's own
// table. Sources in force that differ, or one that is not understood, leave it undecided: then nothing may be changed.
import type { BridgePolicy, Expectation, IntentSource, Rule, Undecided } from '../model/policy.ts';
import { remembered } from '../model/remember.ts';
import { formatTable, formatVids, pvidOf, sameTable, type VlanTable, vidsWithout } from '../model/vlan.ts';
import type { Intent, Misunderstood } from './intent.ts';
import { intentOfVlan } from './libvirt-vlan.ts';
import type { Owner } from './match.ts';
import { intentOfMetadata } from './metadata.ts';

/** What the vnet of this interface should have. */
export function expect(policy: BridgePolicy, owner: Owner): Expectation {
  const speaking = policy.intent.flatMap((source) => ask(source, policy, owner));
  const [loudest] = speaking;
  if (!loudest) return ofDefault(policy);
  const understood = speaking.filter((answer) => answer.table !== undefined) as Speaking<VlanTable>[];
  const [first, ...others] = understood;
  if (speaking.length === 1 && first?.shared) return first.shared;
  const { label, table } = first ?? { label: loudest.label, table: policy.table };
  const invalid = speaking.find((answer) => answer.problem !== undefined);
  if (invalid?.problem) return { rule: label, table, undecided: misunderstood(invalid.problem, owner) };
  if (others.every((other) => sameTable(other.table, table))) return { rule: label, table };
  return { rule: label, table, undecided: conflict(understood) };
}

/** A source that says something of an interface: a table or a problem. */
interface Speaking<Table = VlanTable | undefined> {
  readonly source: IntentSource;
  readonly label: string;
  readonly table: Table;
  readonly problem?: Misunderstood | undefined;
  /** What is expected where nothing else speaks, one object for all that have the same. */
  readonly shared?: Expectation;
}

function ask(source: IntentSource, policy: BridgePolicy, { domain, iface }: Owner): Speaking | [] {
  if (source === 'rules') {
    const rule = ruleFor(policy, { domain, iface });
    return rule ? { source, label: rule.name, table: rule.table, shared: ofRule(rule) } : [];
  }
  if (source === 'vlan')
    return iface.vlan ? { source, label: 'libvirt', ...bounded(intentOfVlan(iface.vlan), '<vlan>', policy) } : [];
  const own = { vlans: policy.vlans, pvid: pvidOf(policy.table) };
  const intent = domain.metadata && intentOfMetadata(domain.metadata, iface.mac, own);
  return intent ? { source, label: 'metadata', ...bounded(intent, '<metadata>', policy) } : [];
}

/** The first rule that is for this interface. */
export function ruleFor(policy: Pick<BridgePolicy, 'rules'>, owner: Owner): Rule | undefined {
  return policy.rules.find((rule) => isFor(rule, owner));
}

/** Whether each selector of the rule that stands fits, and at least one stands. */
export function isFor(rule: Rule, { domain, iface }: Owner): boolean {
  const { domains, mac, networks, portgroups, aliases } = rule;
  if (mac !== undefined && mac !== iface.mac) return false;
  if (!(mac ?? domains ?? networks ?? portgroups ?? aliases)) return false;
  return (
    fits(domains, domain.name) &&
    fits(networks, iface.network) &&
    fits(portgroups, iface.portgroup) &&
    fits(aliases, iface.alias)
  );
}

function fits(patterns: readonly string[] | undefined, name: string | undefined): boolean {
  if (patterns === undefined) return true;
  return name !== undefined && patterns.some((pattern) => matchesGlob(pattern, name));
}

// What a VM says of itself, within what its bridge allows. What the bridge adds to that is the operator's.
function bounded(intent: Intent, element: string, { allowed }: BridgePolicy): Pick<Speaking, 'table' | 'problem'> {
  if ('problem' in intent) return { table: undefined, problem: intent.problem };
  const beyond = vidsWithout(intent.asked ?? intent.table, allowed);
  if (beyond.length === 0) return { table: intent.table };
  const expected = `VLANs within the bridge's "allowed": ${formatVids(allowed)}`;
  return { table: undefined, problem: { element, expected, found: formatVids(beyond) } };
}

function misunderstood({ element, expected, found }: Misunderstood, { domain }: Owner): Undecided {
  const where = domain.file === undefined ? element : `${element} in ${domain.file}`;
  return { reason: 'intent_invalid', expected: `${element} with ${expected}`, actual: `${where}: ${found}` };
}

function conflict(speaking: readonly Speaking<VlanTable>[]): Undecided {
  const say = ({ source, label, table }: Speaking<VlanTable>) =>
    `${source === 'rules' ? `rule ${label}` : `<${source}>`} wants ${formatTable(table)}`;
  return { reason: 'intent_conflict', expected: 'one table', actual: speaking.map(say).join(', ') };
}

// One for each rule: a thousand vnets share a few.
const ofRule = remembered(({ name, table }: Rule): Expectation => ({ rule: name, table }));
const ofDefault = remembered(({ table }: BridgePolicy): Expectation => ({ rule: 'default', table }));

/** Whether `name` fits the whole `pattern`: `*` any text, `?` one character, all else itself. */
export function matchesGlob(pattern: string, name: string): boolean {
  // Greedy with one way back: no regular expression that a pattern could blow up.
  let p = 0;
  let n = 0;
  let star = -1;
  let resume = 0;
  while (n < name.length) {
    if (pattern[p] === '*') {
      star = p++;
      resume = n;
    } else if (pattern[p] === '?' || pattern[p] === name[n]) {
      p++;
      n++;
    } else if (star >= 0) {
      p = star + 1;
      n = ++resume;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}
