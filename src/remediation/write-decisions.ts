// Decisions into the journal.
import type { Host } from '../host/host.ts';
import type { Decision } from '../model/remediator-status.ts';
import { journalEntries } from './record.ts';

/** Each entry is a process. Returns why entries are not written, for people. */
export async function writeDecisions(host: Host, decisions: readonly Decision[]): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const fields of journalEntries(decisions)) {
    const problem = await host.journal.write(fields);
    if (problem !== undefined) problems.push(problem);
  }
  return problems;
}
