// A report narrowed to some domains, for questions about one VM.
import type { BridgeReport, Finding, Report, Unknown } from '../model/report.ts';

/** What `report` says of the named domains: their vnets and findings, and what concerns the bridges these are on. */
export function selectDomains(report: Report, domains: readonly string[]): Report {
  const wanted = new Set(domains);
  const bridges = report.bridges.map((bridge) => selectOn(bridge, wanted));
  return {
    ...report,
    bridges,
    portless: report.portless.filter(({ domain }) => wanted.has(domain)),
    unknowns: report.unknowns.filter((unknown) => concerns(unknown, bridges, wanted)),
  };
}

/** A bridge concerns the domains that are on it or should be; taps without an owner also those that may own one. */
function concerns(
  { kind, name, domains = [] }: Unknown,
  bridges: readonly BridgeReport[],
  wanted: ReadonlySet<string>,
): boolean {
  if (kind === 'domain') return name !== undefined && wanted.has(name);
  if (kind !== 'bridge' && kind !== 'taps') return true;
  if (domains.some((domain) => wanted.has(domain))) return true;
  return bridges.some((bridge) => bridge.name === name && (bridge.vnets.length > 0 || bridge.expectedVnets.size > 0));
}

function selectOn(bridge: BridgeReport, wanted: ReadonlySet<string>): BridgeReport {
  const expectedVnets = new Map([...bridge.expectedVnets].filter(([domain]) => wanted.has(domain)));
  const vnets = bridge.vnets.filter((vnet) => wanted.has(vnet.domain));
  const concerned = vnets.length > 0 || expectedVnets.size > 0;
  const warnings = bridge.warnings.filter(({ domain }) => wanted.has(domain));
  const concernsThem = ({ domain, domains = domain === undefined ? undefined : [domain] }: Finding) =>
    domains?.some((name) => wanted.has(name)) ?? concerned;
  return { ...bridge, vnets, expectedVnets, orphanPorts: [], findings: bridge.findings.filter(concernsThem), warnings };
}
