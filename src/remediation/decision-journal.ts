// Decisions into the journal. An entry is a process, and where these take longer than the heals (a slow host, a journald that hangs) the
// decisions of many cycles wait: they go as one batch then, so that no queue grows.
import { createTurns } from '../daemon/turns.ts';
import type { Host } from '../host/host.ts';
import type { Decision } from '../model/remediator-status.ts';
import { journalEntries } from './record.ts';

export interface DecisionJournal {
  /** Takes them; nobody waits for the entries. */
  write(decisions: readonly Decision[]): void;
  /** Resolves when all that was taken is written, or could not be. */
  written(): Promise<void>;
}

/** `tell` is called after each batch: what went wrong last, or undefined. */
export function createDecisionJournal(host: Host, tell: (problem: string | undefined) => void): DecisionJournal {
  let waiting: readonly Decision[] = [];
  const turns = createTurns<void>({
    run: async () => {
      const batch = waiting;
      waiting = [];
      tell((await writeDecisions(host, batch)).at(-1));
    },
    rest: () => 0,
  });
  return {
    write: (decisions) => {
      if (decisions.length === 0) return;
      waiting = [...waiting, ...decisions];
      void turns.request();
    },
    written: turns.idle,
  };
}

/** Returns why entries are not written, for people. */
export async function writeDecisions(host: Host, decisions: readonly Decision[]): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const fields of journalEntries(decisions)) {
    const problem = await host.journal.write(fields);
    if (problem !== undefined) problems.push(problem);
  }
  return problems;
}
