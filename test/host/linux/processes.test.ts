// Real processes, small ones.
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { processes } from '../../../src/host/linux/processes.ts';

/** Follows a shell script to its end. */
function follow(script: string): Promise<{ readonly lines: readonly string[]; readonly problem: string }> {
  const lines: string[] = [];
  return new Promise((resolve) => {
    processes.follow('sh', ['-c', script], {
      line: (text) => lines.push(text),
      end: (problem) => resolve({ lines, problem }),
    });
  });
}

it('lines are told one by one, however they were written, and why it ended', async () => {
  const { lines, problem } = await follow("printf 'a\\nb'; printf 'c\\n\\nd\\n'; echo 'it broke' >&2; exit 3");
  expect(lines).toEqual(['a', 'bc', '', 'd']);
  expect(problem).toMatch(/^sh -c .*: exit 3: it broke$/s);
});

it('a character that is written in two parts is one character', async () => {
  const { lines } = await follow("printf 'caf\\303'; sleep 0.02; printf '\\251\\n'");
  expect(lines).toEqual(['café']);
});

it('all lines of a long output come before its end is told', async () => {
  const { lines, problem } = await follow('seq 1 50000');
  expect(lines.length).toBe(50_000);
  expect(lines.at(-1)).toBe('50000');
  expect(problem).toMatch(/ended$/);
});

it('a line that was not finished is none', async () => {
  expect((await follow("printf 'whole\\nhalf'")).lines).toEqual(['whole']);
});

it('a program that is not there is told as the end', async () => {
  const problem = await new Promise((end) => processes.follow('no-such-program', [], { line: () => {}, end }));
  expect(problem).toBe('no-such-program: no such program in PATH');
});

it('after stop nothing is told', async () => {
  const told: string[] = [];
  const handle = processes.follow('sh', ['-c', 'echo one; exec sleep 100'], {
    line: (text) => told.push(text),
    end: (problem) => told.push(problem),
  });
  handle.stop();
  await processes.run('sleep', ['0.1'], { timeoutMs: 5000 });
  expect(told).toEqual([]);
});

it('what a process prints is its result, to the last newline; what it reads is what it is given, or nothing', async () => {
  const run = (script: string, input?: string) =>
    processes.run('sh', ['-c', script], { timeoutMs: 20_000, ...(input === undefined ? {} : { input }) });
  expect(await run('cat; echo b >&2', 'a\n\n')).toEqual({
    stdout: 'a\n\n',
    stderr: 'b\n',
    exitCode: 0,
    problem: undefined,
  });
  expect(await run('cat')).toMatchObject({ stdout: '', problem: undefined });
  expect((await run('echo $LC_ALL $SYSTEMD_COLORS $NO_COLOR')).stdout).toBe('C 0 1\n');
  expect((await run('[ -n "$PATH" ] && echo "$PATH"')).stdout).toBe(`${process.env.PATH}\n`);
});

it.each([
  ['an exit status', 'exit 3', 'exit 3', 3],
  ['an exit status and last words', 'printf "a\\nb\\n\\n" >&2; exit 3', 'exit 3: b', 3],
  ['a signal', 'kill -TERM $$', 'ended by SIGTERM', undefined],
])('a process that fails with %s', async (_, script, why, exitCode) => {
  const { problem, ...result } = await processes.run('sh', ['-c', script], { timeoutMs: 20_000 });
  expect([problem, result.exitCode]).toEqual([`sh -c ${script}: ${why}`, exitCode]);
});

it('a process that hangs is killed, though it does not want to end', async () => {
  const script = 'trap "" TERM; while :; do :; done';
  const { problem, exitCode } = await processes.run('sh', ['-c', script], { timeoutMs: 100 });
  expect([problem, exitCode]).toEqual([`sh -c ${script}: timed out`, undefined]);
});

it('what failed is told in a few words, however long its arguments and its last words were', async () => {
  const { problem } = await processes.run(
    'sh',
    ['-c', "head -c 3000 /dev/zero | tr '\\0' x >&2; exit 1", 'y'.repeat(100_000)],
    {
      timeoutMs: 5000,
    },
  );
  expect(problem).toMatch(/^sh -c head .*…: exit 1: x+…$/);
  expect(problem?.length).toBeLessThan(600);
});

// A thread has no folder of its own to stand in.
it.runIf(isMainThread)(
  'a process runs although the caller stands in a folder that is gone or that he may not enter',
  async () => {
    const before = process.cwd();
    const folder = mkdtempSync(join(tmpdir(), 'libvirt-vlan-exporter-'));
    process.chdir(folder);
    rmdirSync(folder);
    try {
      expect(await processes.run('pwd', [], { timeoutMs: 5000 })).toMatchObject({ stdout: '/\n', problem: undefined });
      expect((await follow('pwd')).lines).toEqual(['/']);
    } finally {
      process.chdir(before);
    }
  },
);
