import { expect, test } from 'vitest';
import { createJournal } from '../../../src/host/linux/journalctl.ts';
import type { Processes, RunResult } from '../../../src/host/linux/processes.ts';

const HINT = 'Hint: You are currently not seeing messages from other users and the system.\n';

/** A journal whose programs answer so, and what they were given. `hint`: what journalctl says unless it is quiet, as "-o json" makes it. */
function journal(answer: Partial<RunResult> = {}, hint = '') {
  const ran: unknown[] = [];
  let hints = 0;
  const processes: Processes = {
    run: async (command, args, options) => {
      if (command === 'journalctl' && args.join() === '--lines=0') hints += 1;
      if (command === 'journalctl' && args.join() === '--lines=0')
        return { stdout: '-- No entries --\n', stderr: hint, exitCode: 0, problem: undefined };
      ran.push([[command, ...args].join(' '), options]);
      return { stdout: '', stderr: '', exitCode: 0, problem: undefined, ...answer };
    },
    follow: (command, args) => {
      ran.push([command, ...args].join(' '));
      return { stop: () => undefined };
    },
  };
  return { ...createJournal(processes), ran, hints: () => hints };
}

const EVENTS = { line: () => undefined, end: () => undefined };

test('journalctl is asked for the fields and the entries of a query', async () => {
  const { read, ran } = journal();
  await read({ fields: ['A', 'B'], anyOf: [['_UID=0', 'X=1'], ['X=2']] }, 5_000);
  await read({ fields: ['A'], anyOf: [], thisBoot: true, since: 7_999, last: 3 }, 6_000);
  expect(ran).toEqual([
    ['journalctl --all --output=json --output-fields=A,B _UID=0 X=1 + X=2', { timeoutMs: 5_000 }],
    ['journalctl --boot --all --output=json --output-fields=A --since=@7 --lines=3', { timeoutMs: 6_000 }],
  ]);
});

test('it is followed from its begin, or from an entry on', () => {
  const { follow, ran } = journal();
  follow({ fields: ['A'], anyOf: [['X=1']] }, undefined, EVENTS);
  follow({ fields: ['A'], anyOf: [['X=1']] }, 's=1', EVENTS);
  expect(ran).toEqual([
    'journalctl --follow --no-tail --all --output=json --output-fields=A X=1',
    'journalctl --follow --no-tail --cursor=s=1 --all --output=json --output-fields=A X=1',
  ]);
});

test('each line is an entry, an empty one is none', async () => {
  const { read } = journal({ stdout: '{"A":"1"}\n\n{"A":"2"}\n' });
  expect(await read({ fields: [], anyOf: [] }, 1_000)).toEqual({ ok: true, value: ['{"A":"1"}', '{"A":"2"}'] });
});

test('whose own entries are all that may be read has no permission, though the entries come without a word', async () => {
  const { read } = journal({ stdout: '{"A":"1"}\n' }, HINT);
  expect(await read({ fields: [], anyOf: [] }, 1_000)).toMatchObject({
    ok: false,
    error: expect.stringContaining('"systemd-journal" or "adm"'),
  });
});

test('it is asked once whether others can be read, however often entries are', async () => {
  const { read, hints } = journal();
  for (let i = 0; i < 3; i++) await read({ fields: [], anyOf: [] }, 1_000);
  expect(hints()).toBe(1);
});

test.each(['INSUFFICIENT PERMISSIONS', 'x: Permission denied'])(
  'where stderr says %s, all that it prints may be a part',
  async (stderr) => {
    const { read } = journal({ stdout: '{"A":"1"}\n', stderr, problem: 'exit 1' });
    expect(await read({ fields: [], anyOf: [] }, 1_000)).toMatchObject({
      ok: false,
      error: expect.stringContaining('"systemd-journal" or "adm"'),
    });
  },
);

test('a journalctl that fails is a problem', async () => {
  expect(await journal({ problem: 'timed out' }).read({ fields: [], anyOf: [] }, 1_000)).toEqual({
    ok: false,
    error: 'timed out',
  });
});

test('an entry goes to logger on its stdin', async () => {
  const { write, ran } = journal();
  expect(await write({ MESSAGE: 'a', PRIORITY: 6, SYSLOG_IDENTIFIER: 'x' })).toBeUndefined();
  expect(ran).toEqual([
    ['logger --journald', { input: 'MESSAGE=a\nPRIORITY=6\nSYSLOG_IDENTIFIER=x\n', timeoutMs: 2_000 }],
  ]);
});
