// The journal by journalctl(1) and logger(1).
import type { Journal, JournalQuery } from '../host.ts';
import { renderEntry } from './journal-write.ts';
import type { Processes } from './processes.ts';

const WRITE_TIMEOUT_MS = 2_000;
const DENIED = /not seeing messages from other users|insufficient permissions|Permission denied/i;

export function createJournal({ run, follow }: Processes): Journal {
  // Without permission journalctl shows the caller's own entries and exits 0. It says so on stderr, but not with "-o json": so it is asked
  // without, for no entry. A process keeps its groups: who may read will.
  let mayRead = false;
  const readHint = async (timeoutMs: number) => {
    if (mayRead) return '';
    const { stderr, problem } = await run('journalctl', ['--lines=0'], { timeoutMs });
    mayRead = problem === undefined && !DENIED.test(stderr);
    return stderr;
  };
  return {
    read: async (query, timeoutMs) => {
      const [{ stdout, stderr, problem }, said] = await Promise.all([
        run('journalctl', argsOf(query), { timeoutMs }),
        readHint(timeoutMs),
      ]);
      if (DENIED.test(said + stderr)) {
        const error = 'no permission to read the journal: the user must be in the group "systemd-journal" or "adm"';
        return { ok: false, error };
      }
      if (problem !== undefined) return { ok: false, error: problem };
      return { ok: true, value: stdout.split('\n').filter((line) => line !== '') };
    },
    // `--cursor` and not `--after-cursor`, which skips an entry too many where the cursor's own has been vacuumed.
    follow: (query, from, events) => {
      const place = from === undefined ? [] : [`--cursor=${from}`];
      return follow('journalctl', ['--follow', '--no-tail', ...place, ...argsOf(query)], events);
    },
    write: async (fields) => {
      const options = { input: renderEntry(fields), timeoutMs: WRITE_TIMEOUT_MS };
      return (await run('logger', ['--journald'], options)).problem;
    },
  };
}

function argsOf({ thisBoot, since, last, fields, anyOf }: JournalQuery): readonly string[] {
  return [
    ...(thisBoot ? ['--boot'] : []),
    '--all',
    '--output=json',
    `--output-fields=${fields.join(',')}`,
    ...(since === undefined ? [] : [`--since=@${Math.floor(since / 1000)}`]),
    ...(last === undefined ? [] : [`--lines=${last}`]),
    ...anyOf.flatMap((terms, i) => (i === 0 ? terms : ['+', ...terms])),
  ];
}
