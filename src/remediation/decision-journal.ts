// The remediator's decisions on their way to the journal. An entry is a process, and where these take longer than the heals (a slow host, a
// journald that hangs) the decisions of many cycles wait: they go as one batch then, so that no queue grows.
import type { Host } from '../host/host.ts';
import type { Decision } from '../model/remediator-status.ts';
import { writeDecisions } from './write-decisions.ts';

export interface DecisionJournal {
  /** Takes them; nobody waits for the entries. */
  write(decisions: readonly Decision[]): void;
  /** Resolves when all that was taken is written, or could not be. */
  written(): Promise<void>;
}

/** `tell` is called after each batch: what went wrong last, or undefined. */
export function createDecisionJournal(host: Host, tell: (problem: string | undefined) => void): DecisionJournal {
  let waiting: readonly Decision[] = [];
  let isWriting = false;
  let written = Promise.resolve();
  const writeAll = async () => {
    isWriting = true;
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      tell((await writeDecisions(host, batch)).at(-1));
    }
    isWriting = false;
  };
  return {
    write: (decisions) => {
      waiting = [...waiting, ...decisions];
      if (!isWriting) written = writeAll();
    },
    written: () => written,
  };
}
