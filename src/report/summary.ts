// What a report says in one number and one sentence.
import type { Report } from '../model/report.ts';
import { count, thousands } from './words.ts';

export interface Summary {
  /** That the policy names, present or not. */
  readonly bridges: number;
  readonly vnets: number;
  readonly compliant: number;
  readonly drifted: number;
  readonly unknown: number;
  readonly findings: number;
  readonly unknowns: number;
}

export type Tone = 'ok' | 'drift' | 'unknown';

/** All bridges added up. */
export function summarize(report: Report): Summary {
  const verdicts = report.bridges.flatMap((bridge) => bridge.vnets.map((vnet) => vnet.verdict));
  const having = (verdict: string) => verdicts.filter((v) => v === verdict).length;
  return {
    bridges: report.bridges.length,
    vnets: verdicts.length,
    compliant: having('compliant'),
    drifted: having('drifted'),
    unknown: having('unknown'),
    findings: report.bridges.reduce((sum, bridge) => sum + bridge.findings.length, 0),
    unknowns: report.unknowns.length,
  };
}

/** The worst first: drift, then what cannot be told. Where nothing is watched, nothing can be told. */
export function toneOf(summary: Summary | undefined): Tone {
  if (!summary) return 'unknown';
  if (summary.findings > 0) return 'drift';
  return summary.unknown + summary.unknowns > 0 || summary.bridges === 0 ? 'unknown' : 'ok';
}

/** The sentence that stands above all. */
export function headline(report: Report | undefined): string {
  if (!report) return 'No audit yet';
  const summary = summarize(report);
  if (summary.bridges === 0) return 'No bridge is watched: the config names none';
  const { vnets, drifted, findings, unknown, unknowns } = summary;
  if (drifted > 0) return `${thousands(drifted)} of ${count(vnets, 'vnet')} ${drifted === 1 ? 'has' : 'have'} drifted`;
  // A vnet whose VLANs could not be read has findings too, where it is not understood what it should have.
  const onVnets = report.bridges.some((bridge) => bridge.vnets.some((vnet) => vnet.findings.length > 0));
  if (findings > 0) return `${count(findings, 'finding')}${onVnets ? '' : ', none on a matched vnet'}`;
  if (unknown > 0) return `${thousands(unknown)} of ${count(vnets, 'vnet')} cannot be judged`;
  if (unknowns > 0) return vnets === 0 ? 'Cannot tell' : `${count(vnets, 'vnet')} compliant, but not all could be read`;
  if (vnets === 0) return 'No vnets';
  return vnets === 1 ? 'The vnet is compliant' : `All ${count(vnets, 'vnet')} are compliant`;
}

/** For the window's title: short, the number first. */
export function titleOf(summary: Summary | undefined, hostname: string): string {
  const tone = toneOf(summary);
  if (!summary || tone === 'unknown') return `? ${hostname}`;
  if (tone === 'ok') return `✓ ${hostname}`;
  return `${summary.drifted > 0 ? `${summary.drifted} drifted` : count(summary.findings, 'finding')} · ${hostname}`;
}
