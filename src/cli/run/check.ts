// `check`: reads the host once, judges it, prints what it found. It asks the host alone, no daemon needs to run.
import { loadSettings } from '../../config/load.ts';
import type { Host } from '../../host/host.ts';
import { readHookStats } from '../../host/linux/journal.ts';
import { createStatusReader } from '../../host/remediator-status.ts';
import { createSnapshotReader } from '../../host/snapshot.ts';
import { evaluate } from '../../policy/evaluate.ts';
import { reportJson } from '../../report/json.ts';
import { selectDomains } from '../../report/select.ts';
import { summarize, toneOf } from '../../report/summary.ts';
import { renderText } from '../../report/text.ts';
import type { CheckOptions } from '../check.ts';
import { notes, unknownNames } from './named.ts';
import { print, showsColour, tell } from './output.ts';

// A person waits; a journal that takes longer is told as not known.
const JOURNAL_WAIT_MS = 3_000;

// Drift beats unknown: it is certain.
const EXIT_CODES = { ok: 0, drift: 1, unknown: 2 } as const;

/** Returns the exit status. Throws ConfigError. */
export async function runCheck(host: Host, domains: readonly string[], options: CheckOptions): Promise<number> {
  const { policy, hook } = loadSettings(host, options['config.file']);
  // The journal is another process' work: it goes on while the host is read.
  const hookStats = options.format === 'table' ? readHookStats(host, hook.identifiers, JOURNAL_WAIT_MS) : undefined;
  const snapshot = await createSnapshotReader(host)(policy);
  const strangers = unknownNames(snapshot, domains);
  for (const sentence of strangers) tell(sentence);
  if (strangers.length > 0) return EXIT_CODES.unknown;

  const whole = evaluate(snapshot, policy);
  const report = domains.length > 0 ? selectDomains(whole, domains) : whole;
  if (options.format === 'json') print(`${JSON.stringify(reportJson(report), null, 2)}\n`);
  else {
    const remediator = createStatusReader(host)(Number.POSITIVE_INFINITY);
    const also = { notes: notes(snapshot, policy, report, domains), hook: await hookStats, remediator };
    print(renderText(report, { colour: showsColour(), ...also }));
  }
  return EXIT_CODES[toneOf(summarize(report))];
}
