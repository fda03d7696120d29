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
  const above = createAbove();
  return rules.flatMap((rule, i): Remark[] => {
    const twice = names.has(rule.name);
    names.add(rule.name);
    const remarks = unreachable(rule, i, above);
    above.add(rule);
    return [
      ...(twice ? [{ path: [i, 'name'], text: `${rule.name} is the name of a rule above too; choose another` }] : []),
      ...(Object.hasOwn(RESERVED, rule.name)
        ? [{ path: [i, 'name'], text: `${rule.name} stands for ${RESERVED[rule.name]}; choose another name` }]
        : []),
      ...remarks,
    ];
  });
}

/** Of a bridge as a whole. */
export function bridgeRemarks(bridge: BridgeLike): readonly Remark[] {
  const text = 'no VLANs and no PVID: such a vnet could not talk at all; give it VLANs or a PVID';
  const all = `${text}, as pvid: 999 of a VLAN that is used nowhere, and is on no uplink, where only what rules name may talk`;
  return [
    ...(isMute(bridge.vlans, bridge.pvid) ? [{ path: ['vlans'], text: all }] : []),
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

function unreachable(rule: RuleLike, index: number, above: Above): Remark[] {
  const remark = (part: RuleLike, path: Remark['path'], what: string): Remark[] => {
    const taker = above.mayTake(part).find((other) => SELECTORS.every((key) => takesAll(other, part, key)));
    if (!taker) return [];
    const text = `${what} never comes to this rule, for ${taker.name} above takes it; delete one of them or change the order`;
    return [{ path, text }];
  };
  if (rule.domains === undefined) return remark(rule, [index], 'what it names');
  return rule.domains.flatMap((name, i) => remark({ ...rule, domains: [name] }, [index, 'domains', i], name));
}

type Above = ReturnType<typeof createAbove>;

/** The rules above one, found by what they name: thousands of rules are compared with few others each. */
function createAbove() {
  const exact = new Map<string, RuleLike[]>();
  const wide: RuleLike[] = [];
  return {
    add(rule: RuleLike): void {
      const key = SELECTORS.find((selector) => patterns(rule[selector])?.every(isExact));
      if (!key) wide.push(rule);
      for (const name of (key && patterns(rule[key])) ?? []) {
        const there = exact.get(`${key} ${name}`);
        if (there) there.push(rule);
        else exact.set(`${key} ${name}`, [rule]);
      }
    },
    /** No other one takes all that fits `rule`. */
    mayTake(rule: RuleLike): readonly RuleLike[] {
      return [...SELECTORS.flatMap((key) => exact.get(`${key} ${patterns(rule[key])?.[0]}`) ?? []), ...wide];
    },
  };
}

function isExact(pattern: string): boolean {
  return !/[*?]/.test(pattern);
}

/** Whether what fits `rule` by this selector surely fits `other` too. */
function takesAll(other: RuleLike, rule: RuleLike, key: (typeof SELECTORS)[number]): boolean {
  const [wide, narrow] = [patterns(other[key]), patterns(rule[key])];
  if (wide === undefined) return true;
  // Every domain has a name, but not every interface a network, portgroup or alias.
  if (narrow === undefined) return key === 'domains' && wide.includes('*');
  return narrow.every((pattern) => wide.includes(pattern) || wide.some((taken) => covers(taken, pattern)));
}

function patterns(selector: string | readonly string[] | undefined): readonly string[] | undefined {
  return typeof selector === 'string' ? [selector] : selector;
}

/** Whether each name that fits `narrow` surely fits `wide`. */
function covers(wide: string, narrow: string): boolean {
  // Read as a name, the `*` of `narrow` is matched by a `*` only, unless `wide` has a `?`, which would take it for one character.
  return matchesGlob(wide, narrow) && !(wide.includes('?') && narrow.includes('*'));
}
