// The report as JSON, for programs: `/api/v1/report` and `check --format json`. Names, order and types are stable within
// `version`; new keys may come. Nothing that could be unknown is left out: it is null.
import type { BridgeReport, Finding, Report, VnetReport } from '../model/report.ts';
import { pvidOf, type VlanTable } from '../model/vlan.ts';
import { untouchableOn } from '../remediation/plan.ts';
import { summarize } from './summary.ts';

export type ReportJson = ReturnType<typeof reportJson>;

/** The report as plain data for JSON.stringify. */
export function reportJson(report: Report) {
  return {
    version: 2 as const,
    // ISO 8601, UTC: when reading the host began.
    takenAt: new Date(report.takenAt).toISOString(),
    policySha256: report.policySha256,
    summary: summarize(report),
    // What could not be read or understood.
    unknowns: report.unknowns.map(({ kind, name, problem }) => ({ kind, name: name ?? null, problem })),
    bridges: report.bridges.map(bridgeJson),
    // Interfaces of running domains that are no port of a bridge that was read; `mac` is "" where there is none.
    portless: report.portless.map((it) => ({ ...it, target: it.target ?? null, device: it.device ?? null })),
  };
}

function bridgeJson(bridge: BridgeReport) {
  return {
    name: bridge.name,
    present: bridge.present ?? null,
    vlanFiltering: bridge.vlanFiltering ?? null,
    // 0 = none.
    defaultPvid: bridge.defaultPvid ?? null,
    vlanProtocol: bridge.vlanProtocol ?? null,
    // Taps that match no domain.
    orphanPorts: bridge.orphanPorts,
    // Interfaces that running domains have here, by domain.
    expectedVnets: Object.fromEntries(bridge.expectedVnets),
    // Of the bridge, its uplinks and its domains; those of vnets stand there too.
    findings: bridge.findings.map(findingJson),
    warnings: bridge.warnings.map(({ kind, domain, vnet, text }) => ({ kind, domain, vnet: vnet ?? null, text })),
    vnets: bridge.vnets.map((vnet) => vnetJson(bridge, vnet)),
  };
}

function vnetJson(bridge: BridgeReport, vnet: VnetReport) {
  const { rule, table, undecided } = vnet.expected;
  const isJudged = !undecided && vnet.actual !== undefined;
  return {
    domain: vnet.domain,
    uuid: vnet.uuid ?? null,
    vnet: vnet.vnet,
    mac: vnet.mac,
    verdict: vnet.verdict,
    // Without a table (`vlans` is null) where sources differ, or one is not understood.
    expected: { rule, ...(undecided ? { pvid: null, vlans: null } : tableJson(table)) },
    // null where the VLAN table could not be read.
    actual: vnet.actual ? tableJson(vnet.actual) : null,
    // Ranges of VLAN ids; `first` and `last` are equal where it is one. null where it cannot be told.
    missing: isJudged ? vnet.missing : null,
    unexpected: isJudged ? vnet.unexpected : null,
    findings: vnet.findings.map(findingJson),
    // Why nobody changes it, whatever its VLANs; null where it may be healed.
    untouchable: untouchableOn(bridge, vnet) ?? null,
  };
}

function tableJson(table: VlanTable) {
  // A PVID of null = none. Ranges are sorted, as few as can be; the PVID stands alone.
  return { pvid: pvidOf(table) ?? null, vlans: table };
}

function findingJson({ reason, bridge, domain, vnet, expected, actual }: Finding) {
  return { reason, bridge, domain: domain ?? null, vnet: vnet ?? null, expected, actual };
}
