// The file's content in normal form, so that files that mean the same give the same settings and the same policy hash.

import { createHash } from 'node:crypto';
import { compare } from '../model/order.ts';
import type { BridgePolicy, Policy, Rule } from '../model/policy.ts';
import { tableFrom } from '../model/vlan.ts';
import { type BridgeEntry, type ConfigFile, pvidFrom, type RuleEntry } from './schema.ts';
import type { Settings } from './settings.ts';

/** The settings that the file gives. */
export function settingsFrom(config: ConfigFile): Settings {
  return {
    policy: policyOf(config.bridges.map(([name, entry]) => bridgePolicy(name, entry))),
    schedule: config.schedule,
    hook: {
      identifiers: sortedOnce(config.hook.identifiers),
      waitMs: config.hook.wait_seconds * 1000,
      failClosed: config.hook.fail_closed,
    },
    remediation: {
      maxHeals: config.remediation.max_heals,
      windowMs: config.remediation.window,
      cooldownMs: config.remediation.cooldown,
      maxVnetsPerPolicyChange: config.remediation.max_vnets_per_policy_change,
    },
    metrics: { maxVlanSeriesPerVnet: config.metrics.max_vlan_series_per_vnet },
  };
}

/** A policy of these bridges, with its hash. */
export function policyOf(bridges: readonly BridgePolicy[]): Policy {
  const byName = [...bridges].sort((a, b) => compare(a.name, b.name));
  return {
    bridges: byName,
    sha256: createHash('sha256')
      .update(JSON.stringify(byName.map(meaning)))
      .digest('hex'),
  };
}

// What a policy demands. Why it does is no part of that, nor is what nothing asks for.
function meaning({ vlans, ...bridge }: BridgePolicy): unknown {
  const rules = bridge.rules.map((rule) => ({ ...rule, because: undefined }));
  return { ...bridge, rules, vlans: bridge.intent.includes('metadata') ? vlans : undefined };
}

function bridgePolicy(name: string, entry: BridgeEntry): BridgePolicy {
  return {
    name,
    table: tableFrom(entry.vlans, pvidFrom(entry.pvid)),
    vlans: entry.vlans,
    uplinks: sortedOnce(entry.uplinks),
    unexpected: entry.unexpected,
    rules: entry.rules.map((rule) => ruleOf(rule, entry)),
    intent: entry.intent,
    allowed: entry.allowed,
    host: entry.host && tableFrom(entry.host.vlans, pvidFrom(entry.host.pvid)),
  };
}

function ruleOf(rule: RuleEntry, bridge: BridgeEntry): Rule {
  return {
    name: rule.name,
    because: rule.because,
    domains: rule.domains && sortedOnce(rule.domains),
    mac: rule.mac,
    networks: rule.networks && sortedOnce(rule.networks),
    portgroups: rule.portgroups && sortedOnce(rule.portgroups),
    aliases: rule.aliases && sortedOnce(rule.aliases),
    table: tableFrom(rule.vlans ?? bridge.vlans, pvidFrom(rule.pvid ?? bridge.pvid)),
  };
}

function sortedOnce(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort();
}
