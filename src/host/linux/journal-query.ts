// journalctl(1), asked once.
import type { Reading } from '../../model/snapshot.ts';
import type { Host } from '../host.ts';

/** What `journalctl ARGS` prints, or why the journal cannot be read. Never rejects. */
export async function queryJournal(host: Host, args: readonly string[], timeoutMs: number): Promise<Reading<string>> {
  const { stdout, stderr, problem } = await host.run('journalctl', args, { timeoutMs });
  // Without permission journalctl shows the caller's own entries, exits 0, and says so on stderr only.
  if (/not seeing messages from other users|insufficient permissions|Permission denied/i.test(stderr)) {
    const error = 'no permission to read the journal: the user must be in the group "systemd-journal" or "adm"';
    return { ok: false, error };
  }
  return problem === undefined ? { ok: true, value: stdout } : { ok: false, error: problem };
}
