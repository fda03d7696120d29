// What `check` and `plan` have in common: read the host once, or the file that `--from` names, and judge it.
import type { Settings } from '../config/settings.ts';
import type { Host } from '../host/host.ts';
import { readWholeHost } from '../host/snapshot.ts';
import { printable } from '../model/printable.ts';
import type { Report } from '../model/report.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { evaluate } from '../policy/evaluate.ts';
import { selectDomains } from '../report/select.ts';
import { summarize, toneOf } from '../report/summary.ts';
import { type Note, unknownNames } from './named.ts';
import { CANNOT_TELL, tell } from './output.ts';
import { readSnapshotFile } from './snapshot-file.ts';

export interface Judged {
  readonly snapshot: Snapshot;
  /** Of the named domains, of all where none is named. */
  readonly report: Report;
}

/** undefined where a named domain is not there, which stderr has been told. Throws ConfigError. */
export async function judgeHost(
  host: Host,
  { policy }: Settings,
  domains: readonly string[],
  from: string | undefined,
): Promise<Judged | undefined> {
  const snapshot = from === undefined ? await readWholeHost(host) : await readSnapshotFile(host, from);
  const problems = unknownNames(snapshot, domains);
  for (const sentence of problems) tell(sentence);
  if (problems.length > 0) return undefined;
  return { snapshot, report: narrow(evaluate(snapshot, policy), domains) };
}

/** What the report says of these domains, all of it where none is named. */
export function narrow(report: Report, domains: readonly string[]): Report {
  return domains.length > 0 ? selectDomains(report, domains) : report;
}

/** To stderr: why nothing can be told where nothing is watched. */
export function tellUnwatched({ bridges }: Report): void {
  if (bridges.length === 0) tell('no bridge is watched: the config names none');
}

/** To stderr: what is not known of named domains. */
export function tellDoubts(notes: readonly Note[]): void {
  for (const { text, unsure } of notes) if (unsure) tell(printable(text));
}

// Drift beats unknown: it is certain.
const EXIT_CODES = { ok: 0, drift: 1, unknown: CANNOT_TELL } as const;

/** Exit status of a command that judges; `notes`: of named domains, where some can be named. */
export function exitStatusOf(report: Report, notes: readonly Note[] = []): number {
  return EXIT_CODES[toneOf(summarize(report))] || (notes.some(({ unsure }) => unsure) ? CANNOT_TELL : 0);
}
