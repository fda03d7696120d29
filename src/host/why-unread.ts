// Why the journal tells of nothing, other than that nothing happened: to `history` and to `doctor` the same.
import type { Journal } from './host.ts';

const TIMEOUT_MS = 10_000;

/** undefined where it can be read, and has an entry since boot. Never rejects. */
export async function whyUnread(journal: Pick<Journal, 'read'>): Promise<string | undefined> {
  const read = await journal.read({ anyOf: [], fields: ['MESSAGE'], thisBoot: true, last: 1 }, TIMEOUT_MS);
  if (!read.ok) return read.error;
  // journalctl may write "-- No entries --".
  return read.value.some((line) => line.startsWith('{')) ? undefined : 'it holds no entry since boot';
}
