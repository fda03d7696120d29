import { expect, test } from 'vitest';
import { createJournal } from '../../src/host/linux/journalctl.ts';
import { whyUnread } from '../../src/host/why-unread.ts';

const ENTRY = '{"MESSAGE":"a"}\n';
const PERMISSION = 'no permission to read the journal: the user must be in the group "systemd-journal" or "adm"';
const NO_ENTRY = 'it holds no entry since boot';

test.each<[string, { stdout?: string; stderr?: string; problem?: string }, string | undefined]>([
  ['an entry', { stdout: ENTRY }, undefined],
  ['no entry', {}, NO_ENTRY],
  ['the words that there is none', { stdout: '-- No entries --\n' }, NO_ENTRY],
  ['no file', { stderr: 'No journal files were found.' }, NO_ENTRY],
  ['a failure', { problem: 'timed out' }, 'timed out'],
  ['an entry and a complaint', { stdout: ENTRY, stderr: 'x\nYou have insufficient permissions.\ny' }, PERMISSION],
  ['a hint', { stderr: 'Hint: You are currently not seeing messages from other users and the system.' }, PERMISSION],
])('a journal with %s', async (_, said, expected) => {
  const ran: string[] = [];
  const journal = createJournal({
    run: async (command, args, { timeoutMs }) => {
      ran.push([command, ...args].join(' '));
      expect(timeoutMs).toBeGreaterThan(1_000);
      return { stdout: '', stderr: '', exitCode: 0, problem: undefined, ...said };
    },
    follow: () => ({ stop: () => undefined }),
  });
  expect(await whyUnread(journal)).toBe(expected);
  expect(ran).toEqual([
    'journalctl --boot --all --output=json --output-fields=MESSAGE --lines=1',
    'journalctl --lines=0',
  ]);
});
