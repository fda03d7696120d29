// What appeared and what is gone between two reports. Pure. What a report cannot tell is neither: a finding of a domain whose XML
// is half-written stays as it was.
import type { FindingEvent } from '../model/finding-event.ts';
import { absentBridges, type Finding, isWhole, type Report } from '../model/report.ts';

/** Findings that are there as far as one knows, by subject and reason. */
export type KnownFindings = ReadonlyMap<string, Finding>;

/** Events in report order, those that are gone last; and what is known after `report`. `known` is undefined before the first whole report. */
export function findingChanges(
  known: KnownFindings | undefined,
  report: Report,
): { readonly events: readonly FindingEvent[]; readonly known: KnownFindings | undefined } {
  // What is there at the start is told by the first report that could read the host.
  if (!known && !isWhole(report)) return { events: [], known };
  const now = new Map(report.bridges.flatMap((bridge) => bridge.findings.map((finding) => [keyOf(finding), finding])));
  const at = report.takenAt;
  const events: FindingEvent[] = [];
  for (const [key, finding] of now) {
    const before = known?.get(key);
    if (!before) events.push({ at, state: known ? 'appeared' : 'found', finding });
    else if (before.expected !== finding.expected || before.actual !== finding.actual) {
      events.push({ at, state: 'changed', finding });
    }
  }
  const tells = whatItTells(report);
  for (const [key, finding] of known ?? []) {
    if (now.has(key)) continue;
    if (tells(finding)) events.push({ at, state: 'gone', finding });
    else now.set(key, finding);
  }
  return { events, known: now };
}

/** A finding's subject and reason: the same in each report. */
export function keyOf({ bridge, domain, vnet, reason }: Finding): string {
  return JSON.stringify([bridge, domain, vnet, reason]);
}

/** Whether the report tells if a finding is still there. */
function whatItTells(report: Report): (finding: Finding) => boolean {
  if (!isWhole(report)) return () => false;
  const named = (kind: 'bridge' | 'taps' | 'domain') =>
    new Set(report.unknowns.filter((unknown) => unknown.kind === kind).map(({ name }) => name));
  const [bridges, taps, domains] = [named('bridge'), named('taps'), named('domain')];
  const absent = absentBridges(report);
  const isFdbUnread = report.unknowns.some(({ kind }) => kind === 'fdb');
  return ({ bridge, domain, reason }) =>
    (!bridges.has(bridge) || absent.has(bridge)) &&
    !taps.has(bridge) &&
    !(domain && domains.has(domain)) &&
    !(isFdbUnread && reason === 'fdb_missing');
}
