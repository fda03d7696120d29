// A report narrowed to some domains, for whoever asks about one VM.
import type { BridgeReport, Finding, Report } from '../model/report.ts';

/** What `report` says of the named domains: their vnets and findings, and what concerns the bridges these are on. */
export function selectDomains(report: Report, domains: readonly string[]): Report {
  const wanted = new Set(domains);
  return {
    ...report,
    bridges: report.bridges.map((bridge) => selectOn(bridge, wanted)),
    unknowns: report.unknowns.filter(
      ({ subject }) => !subject.startsWith('domain ') || wanted.has(subject.slice('domain '.length)),
    ),
  };
}

function selectOn(bridge: BridgeReport, wanted: ReadonlySet<string>): BridgeReport {
  const expectedVnets = new Map([...bridge.expectedVnets].filter(([domain]) => wanted.has(domain)));
  const vnets = bridge.vnets.filter((vnet) => wanted.has(vnet.domain));
  const concerned = vnets.length > 0 || expectedVnets.size > 0;
  const concerns = ({ domain }: Finding) => (domain === undefined ? concerned : wanted.has(domain));
  return { ...bridge, vnets, expectedVnets, orphanPorts: [], findings: bridge.findings.filter(concerns) };
}
