// The report as JSON, for programs: `/api/v1/report` and `check --format json`. Names, order and types are stable within
// `version`; new keys may come. Nothing that could be unknown is left out: it is null.
import type { BridgeReport, Finding, Report, Unknown, VnetReport, Warning } from '../model/report.ts';
import { pvidOf, type VlanTable } from '../model/vlan.ts';
import { type Summary, summarize } from './summary.ts';

export interface ReportJson {
  readonly version: 2;
  /** ISO 8601, UTC: when reading the host began. */
  readonly takenAt: string;
  readonly policySha256: string;
  readonly summary: Summary;
  /** What could not be read or understood. */
  readonly unknowns: readonly {
    readonly kind: Unknown['kind'];
    readonly name: string | null;
    readonly problem: string;
  }[];
  readonly bridges: readonly BridgeJson[];
  /** Interfaces of running domains that are no port of a Linux bridge. */
  readonly portless: readonly PortlessJson[];
}

export interface PortlessJson {
  readonly domain: string;
  /** "" where it has none. */
  readonly mac: string;
  readonly kind: string;
  readonly target: string | null;
  readonly device: string | null;
}

export interface BridgeJson {
  readonly name: string;
  readonly present: boolean | null;
  readonly vlanFiltering: boolean | null;
  /** 0 = none. */
  readonly defaultPvid: number | null;
  readonly vlanProtocol: string | null;
  /** Taps that match no domain. */
  readonly orphanPorts: readonly string[];
  /** Interfaces that running domains have here, by domain. */
  readonly expectedVnets: Readonly<Record<string, number>>;
  /** Of the bridge, its uplinks and its domains; those of vnets stand there too. */
  readonly findings: readonly FindingJson[];
  readonly warnings: readonly WarningJson[];
  readonly vnets: readonly VnetJson[];
}

export interface WarningJson {
  readonly kind: Warning['kind'];
  readonly domain: string;
  readonly vnet: string | null;
  readonly text: string;
}

export interface VnetJson {
  readonly domain: string;
  readonly uuid: string | null;
  readonly vnet: string;
  readonly mac: string;
  readonly verdict: VnetReport['verdict'];
  readonly expected: { readonly rule: string } & TableJson;
  /** null where the VLAN table could not be read. */
  readonly actual: TableJson | null;
  readonly missing: readonly RangeJson[];
  readonly unexpected: readonly RangeJson[];
  readonly findings: readonly FindingJson[];
  /** Why nobody changes it, whatever its VLANs; null where it may be healed. */
  readonly untouchable: VnetReport['untouchable'] | null;
}

/** Consecutive VLAN ids; `first` and `last` are equal where it is one. */
export interface RangeJson {
  readonly first: number;
  readonly last: number;
}

export interface TableJson {
  /** null = none. */
  readonly pvid: number | null;
  /** Sorted; as few as can be. The PVID stands alone. */
  readonly vlans: readonly (RangeJson & { readonly pvid: boolean; readonly untagged: boolean })[];
}

export interface FindingJson {
  readonly reason: Finding['reason'];
  readonly bridge: string;
  readonly domain: string | null;
  readonly vnet: string | null;
  readonly expected: string;
  readonly actual: string;
}

/** The report as plain data for JSON.stringify. */
export function reportJson(report: Report): ReportJson {
  return {
    version: 2,
    takenAt: new Date(report.takenAt).toISOString(),
    policySha256: report.policySha256,
    summary: summarize(report),
    unknowns: report.unknowns.map(({ kind, name, problem }) => ({ kind, name: name ?? null, problem })),
    bridges: report.bridges.map(bridgeJson),
    portless: report.portless.map((it) => ({ ...it, target: it.target ?? null, device: it.device ?? null })),
  };
}

function bridgeJson(bridge: BridgeReport): BridgeJson {
  return {
    name: bridge.name,
    present: bridge.present ?? null,
    vlanFiltering: bridge.vlanFiltering ?? null,
    defaultPvid: bridge.defaultPvid ?? null,
    vlanProtocol: bridge.vlanProtocol ?? null,
    orphanPorts: bridge.orphanPorts,
    expectedVnets: Object.fromEntries(bridge.expectedVnets),
    findings: bridge.findings.map(findingJson),
    warnings: bridge.warnings.map(({ kind, domain, vnet, text }) => ({ kind, domain, vnet: vnet ?? null, text })),
    vnets: bridge.vnets.map(vnetJson),
  };
}

function vnetJson(vnet: VnetReport): VnetJson {
  return {
    domain: vnet.domain,
    uuid: vnet.uuid ?? null,
    vnet: vnet.vnet,
    mac: vnet.mac,
    verdict: vnet.verdict,
    expected: { rule: vnet.expected.rule, ...tableJson(vnet.expected.table) },
    actual: vnet.actual ? tableJson(vnet.actual) : null,
    missing: vnet.missing,
    unexpected: vnet.unexpected,
    findings: vnet.findings.map(findingJson),
    untouchable: vnet.untouchable ?? null,
  };
}

function tableJson(table: VlanTable): TableJson {
  return { pvid: pvidOf(table) ?? null, vlans: table };
}

function findingJson({ reason, bridge, domain, vnet, expected, actual }: Finding): FindingJson {
  return { reason, bridge, domain: domain ?? null, vnet: vnet ?? null, expected, actual };
}
