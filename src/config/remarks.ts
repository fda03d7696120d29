// What is wrong with rules that read well one by one: names that stand twice, domains that an earlier rule takes, vnets that
// would be left without any VLAN. Each is an error: its author meant something else.
import type { BridgePolicy, IntentSource, Rule } from '../model/policy.ts';
import type { Vid, Vids } from '../model/vlan.ts';
import { matchesGlob } from '../policy/expect.ts';
import type { Remark } from './shape.ts';

/** The keys that say which interfaces a rule is for. */
export const SELECTORS = ['domains', 'mac', 'networks', 'portgroups', 'aliases'] as const;

/** As in the file: what a rule leaves out is the bridge's. */
interface RuleLike extends Pick<Rule, 'name' | (typeof SELECTORS)[number]> {
  readonly vlans: Vids | undefined;
  readonly pvid: Vid | 'none' | undefined;
}

interface BridgeLike extends Pick<BridgePolicy, 'vlans' | 'intent'> {
  readonly pvid: Vid | 'none';
  readonly rules: readonly RuleLike[];
}

/** Of one rule. */
export function selectorRemarks(rule: RuleLike): readonly Remark[] {
  const text = `expected at least one of ${SELECTORS.join(', ')}, found none: say which interfaces the rule is for`;
  return SELECTORS.some((key) => rule[key] !== undefined) ? [] : [{ path: [], text }];
}

/** Of a bridge's list of sources. */
export function intentRemarks(sources: readonly IntentSource[]): readonly Remark[] {
  const twice = sources.findIndex((source, i) => sources.indexOf(source) < i);
  return twice < 0 ? [] : [{ path: [twice], text: `${sources[twice]} stands above too; delete one of them` }];
}

/** Of what the bridge itself should have. */
export function hostRemarks({ vlans, pvid }: Pick<BridgeLike, 'vlans' | 'pvid'>): readonly Remark[] {
  return isMute(vlans, pvid) ? [{ path: ['vlans'], text: 'no VLANs and no PVID: nothing would be checked' }] : [];
}

const RESERVED: Readonly<Record<string, string>> = {
  default: 'what no rule names',
  libvirt: "libvirt's own <vlan>",
  metadata: "the domain's metadata",
};

/** Of a bridge's list of rules. */
export function ruleRemarks(rules: readonly RuleLike[]): readonly Remark[] {
  const names = new Set<string>();
  return rules.flatMap((rule, i): Remark[] => {
    const twice = names.has(rule.name);
    names.add(rule.name);
    return [
      ...(twice ? [{ path: [i, 'name'], text: `${rule.name} is the name of a rule above too; choose another` }] : []),
      ...(Object.hasOwn(RESERVED, rule.name)
        ? [{ path: [i, 'name'], text: `${rule.name} stands for ${RESERVED[rule.name]}; choose another name` }]
        : []),
      ...unreachable(rule, i, rules.slice(0, i)),
    ];
  });
}

/** Of a bridge as a whole. */
export function bridgeRemarks(bridge: BridgeLike): readonly Remark[] {
  const text = 'no VLANs and no PVID: such a vnet could not talk at all; give it VLANs or a PVID';
  return [
    ...(isMute(bridge.vlans, bridge.pvid) ? [{ path: ['vlans'], text }] : []),
    ...(bridge.rules.length > 0 && !bridge.intent.includes('rules')
      ? [{ path: ['intent'], text: 'there are rules, but rules is not named here; add it, or delete the rules' }]
      : []),
    ...bridge.rules.flatMap((rule, i) =>
      isMute(rule.vlans ?? bridge.vlans, rule.pvid ?? bridge.pvid) ? [{ path: ['rules', i], text }] : [],
    ),
  ];
}

function isMute(vlans: Vids, pvid: Vid | 'none'): boolean {
  return vlans.length === 0 && pvid === 'none';
}

function unreachable(rule: RuleLike, index: number, earlier: readonly RuleLike[]): Remark[] {
  const text = (what: string, taker: RuleLike) =>
    `${what} never comes to this rule, for ${taker.name} above takes it; delete one of them or change the order`;
  const takers = earlier.filter((other) => SELECTORS.every((key) => key === 'domains' || takesAll(other, rule, key)));
  if (rule.domains === undefined) {
    const taker = takers.find((other) => takesAll(other, rule, 'domains'));
    return taker ? [{ path: [index], text: text('what it names', taker) }] : [];
  }
  return rule.domains.flatMap((pattern, i) => {
    const taker = takers.find((other) => takesAll(other, { ...rule, domains: [pattern] }, 'domains'));
    return taker ? [{ path: [index, 'domains', i], text: text(pattern, taker) }] : [];
  });
}

/** Whether what fits `rule` by this selector surely fits `other` too. */
function takesAll(other: RuleLike, rule: RuleLike, key: (typeof SELECTORS)[number]): boolean {
  const [wide, narrow] = [patterns(other[key]), patterns(rule[key])];
  if (wide === undefined) return true;
  // Every domain has a name, but not every interface a network, portgroup or alias.
  if (narrow === undefined) return key === 'domains' && wide.includes('*');
  return narrow.every((pattern) => wide.some((taken) => covers(taken, pattern)));
}

function patterns(selector: string | readonly string[] | undefined): readonly string[] | undefined {
  return typeof selector === 'string' ? [selector] : selector;
}

/** Whether each name that fits `narrow` surely fits `wide`. */
function covers(wide: string, narrow: string): boolean {
  if (wide === narrow) return true;
  // Read as a name, the `*` of `narrow` is matched by a `*` only, unless `wide` has a `?`, which would take it for one character.
  return matchesGlob(wide, narrow) && !(wide.includes('?') && narrow.includes('*'));
}
