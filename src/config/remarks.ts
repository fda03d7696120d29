// What is wrong with rules that read well one by one: names that stand twice, domains that an earlier rule takes, vnets that
// would be left without any VLAN. Each is an error, for whoever wrote it meant something else.

import type { Vid, Vids } from '../model/vlan.ts';
import { matchesGlob } from '../policy/expect.ts';
import type { Remark } from './shape.ts';

interface RuleLike {
  readonly name: string;
  readonly domains: readonly string[];
  readonly mac: string | undefined;
  readonly vlans: Vids | undefined;
  readonly pvid: Vid | 'none' | undefined;
}

interface BridgeLike {
  readonly vlans: Vids;
  readonly pvid: Vid | 'none';
  readonly rules: readonly RuleLike[];
}

/** Of a bridge's list of rules. */
export function ruleRemarks(rules: readonly RuleLike[]): readonly Remark[] {
  const names = new Set<string>();
  return rules.flatMap((rule, i): Remark[] => {
    const twice = names.has(rule.name);
    names.add(rule.name);
    return [
      ...(twice ? [{ path: [i, 'name'], text: `${rule.name} is the name of a rule above too; choose another` }] : []),
      ...(rule.name === 'default'
        ? [{ path: [i, 'name'], text: 'default stands for what no rule names; choose another name' }]
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
    ...bridge.rules.flatMap((rule, i) =>
      isMute(rule.vlans ?? bridge.vlans, rule.pvid ?? bridge.pvid) ? [{ path: ['rules', i], text }] : [],
    ),
  ];
}

function isMute(vlans: Vids, pvid: Vid | 'none'): boolean {
  return vlans.length === 0 && pvid === 'none';
}

function unreachable(rule: RuleLike, index: number, earlier: readonly RuleLike[]): Remark[] {
  return rule.domains.flatMap((pattern, i) => {
    const taker = earlier.find(
      (other) =>
        (other.mac === undefined || other.mac === rule.mac) && other.domains.some((taken) => covers(taken, pattern)),
    );
    const text = `${pattern} never comes to this rule, for ${taker?.name} above takes it; delete one of them or change the order`;
    return taker ? [{ path: [index, 'domains', i], text }] : [];
  });
}

/** Whether each name that fits `narrow` surely fits `wide`. */
export function covers(wide: string, narrow: string): boolean {
  if (wide === narrow) return true;
  // Read as a name, the `*` of `narrow` is matched by a `*` only, unless `wide` has a `?`, which would take it for one character.
  return matchesGlob(wide, narrow) && !(wide.includes('?') && narrow.includes('*'));
}
