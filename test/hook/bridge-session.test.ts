import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openSession, throughSession } from '../../src/hook/bridge-session.ts';
import type { RunResult } from '../../src/host/host.ts';

let folder: string;
let child: ChildProcess | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bridge-session-'));
});
afterEach(async () => {
  if (child && child.exitCode === null) await once(child, 'exit');
  rmSync(folder, { recursive: true });
});

/** A session with this script for sh(1) in the place of `bridge`; real pipes. */
function session(script: string, timeoutMs = 20_000) {
  const [commands, tables] = [join(folder, 'commands'), join(folder, 'tables')];
  execFileSync('mkfifo', [commands, tables]);
  child = spawn('sh', ['-c', `exec <'${commands}' >'${tables}'; ${script}`], { stdio: 'ignore' });
  const commandsFd = openSync(commands, 'w');
  const tablesFd = openSync(tables, 'r');
  return { ...openSession(commandsFd, tablesFd, timeoutMs), end: () => closeSync(tablesFd) };
}

const REAL = 'while read -r line; do case $line in "vlan show") echo "[\\"shown\\"]" ;; bad*) exit 1 ;; esac; done';

test('each question is answered by the tables that it ends with', async () => {
  const { ask, close, end } = session(REAL);
  expect(await ask('vlan show\n')).toBe('["shown"]\n');
  expect(await ask('vlan add vid 10 dev vnet0\nvlan show\n')).toBe('["shown"]\n');
  close();
  end();
});

test('after a command that failed there is no answer any more', async () => {
  const { ask, end } = session(REAL);
  expect(await ask('vlan show\n')).toBe('["shown"]\n');
  expect(await ask('bad\nvlan show\n')).toBeUndefined();
  expect(await ask('vlan show\n')).toBeUndefined();
  end();
});

test('tables of any length arrive whole, also where they come in pieces', async () => {
  const row = '{"ifname":"vnet0","vlans":[]}';
  const { ask, close, end } = session(
    `read -r line; printf '['; i=0; while [ $i -lt 9999 ]; do printf '%s' '${row},'; i=$((i+1)); done; echo '${row}]'; cat`,
  );
  expect(JSON.parse((await ask('vlan show\n')) ?? '')).toHaveLength(10_000);
  close();
  end();
});

test('an answer that does not come in time is none', async () => {
  const { ask, end } = session('cat >/dev/null', 10);
  expect(await ask('vlan show\n')).toBeUndefined();
  expect(await ask('vlan show\n')).toBeUndefined();
  end();
});

test('more commands than a pipe is sure to hold are for a bridge of their own', async () => {
  const { ask, end } = session('read -r line; echo "[]"; cat >/dev/null');
  expect(await ask(`${'vlan add vid 10 dev vnet0\n'.repeat(2_000)}vlan show\n`)).toBeUndefined();
  expect(await ask('vlan show\n')).toBeUndefined();
  end();
});

test.each(['foo', '', '{"a":1}', '[{"ifname":'])('what is no list of ports is no answer: %s', async (answer) => {
  const { ask, end } = session(`read -r line; echo '${answer}'; cat >/dev/null`);
  expect(await ask('vlan show\n')).toBeUndefined();
  end();
});

test('file descriptors that nobody opened are a session that has ended', async () => {
  const { ask, close } = openSession(987, 986, 5_000);
  expect(await ask('vlan show\n')).toBeUndefined();
  close();
});

test('only dumps, and batches that end with one, go through the session; all else, and all that it leaves unanswered, runs', async () => {
  const asked: string[] = [];
  const ran: string[] = [];
  const answers = ['[1]', '[2]', undefined];
  const run = throughSession(
    {
      ask: async (commands) => {
        asked.push(commands);
        return answers.shift();
      },
      close: () => undefined,
    },
    async (command, args): Promise<RunResult> => {
      ran.push([command, ...args].join(' '));
      return { stdout: 'ran', stderr: '', exitCode: 0, problem: undefined };
    },
  );
  const show = ['-j', '-compressvlans', 'vlan', 'show'];
  const batch = ['-j', '-compressvlans', '-force', '-batch', '-'];
  const calls = [
    [show, ''],
    [batch, 'vlan add vid 10 dev a\nvlan show\n'],
    [batch, 'vlan add vid 10 dev a\n'],
    [['vlan', 'add', 'vid', '10', 'dev', 'a b'], ''],
    [show, ''],
  ] as const;
  const out = [];
  for (const [args, input] of calls) out.push((await run('bridge', args, { input, timeoutMs: 1 })).stdout);
  expect(out).toEqual(['[1]', '[2]', 'ran', 'ran', 'ran']);
  expect(asked).toEqual(['vlan show\n', 'vlan add vid 10 dev a\nvlan show\n', 'vlan show\n']);
  expect(ran).toEqual([
    'bridge -j -compressvlans -force -batch -',
    'bridge vlan add vid 10 dev a b',
    'bridge -j -compressvlans vlan show',
  ]);
});
