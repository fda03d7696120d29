// Other programs: execa.
import { execa } from 'execa';
import { cut } from '../../model/printable.ts';
import type { FollowEvents, Handle } from '../host.ts';

export interface RunOptions {
  readonly input?: string;
  /** Milliseconds until the process is killed. */
  readonly timeoutMs: number;
}

/** What became of a process. Never thrown: a non-zero exit, a signal, a timeout, a missing program are all results. */
export interface RunResult {
  readonly stdout: string;
  readonly stderr: string;
  /** undefined where it did not run or was killed; then `problem` says why. */
  readonly exitCode: number | undefined;
  /** undefined on exit 0, else one line for people: what failed, and how. */
  readonly problem: string | undefined;
}

export interface Processes {
  run(command: string, args: readonly string[], options: RunOptions): Promise<RunResult>;
  /** Starts a process that goes on, as `ip monitor link`, and tells of each line of its stdout. */
  follow(command: string, args: readonly string[], events: FollowEvents): Handle;
}

// What a process may print before it is ended: the VLAN tables of 10,000 ports have 2 MB.
const MAX_OUTPUT = 256 * 1024 * 1024;

// A fixed locale, so that messages can be understood, and no colour.
const ENV = { LC_ALL: 'C', SYSTEMD_COLORS: '0', NO_COLOR: '1' };

// Whoever calls may stand in a folder that he may not enter, as after sudo -u; no process of ours needs one.
const FOLDER = '/';

/** Those of this machine. */
export const processes: Processes = { run, follow };

async function run(command: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  const result = await execa(command, args, {
    reject: false,
    stripFinalNewline: false,
    timeout: options.timeoutMs,
    killSignal: 'SIGKILL',
    maxBuffer: MAX_OUTPUT,
    env: ENV,
    cwd: FOLDER,
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
  });
  return {
    stdout: result.stdout ?? '',
    stderr: result.stderr ?? '',
    exitCode: result.exitCode,
    problem: result.failed ? `${commandLine(command, args)}: ${explain(result)}` : undefined,
  };
}

// What comes in trickles is read this often, all of it at once: each read wakes the process.
const TRICKLE_MS = 5;
const BULK = 16 * 1024;

function follow(command: string, args: readonly string[], events: FollowEvents): Handle {
  const process = execa(command, args, {
    reject: false,
    stdin: 'ignore',
    buffer: { stdout: false },
    maxBuffer: 4096,
    env: ENV,
    cwd: FOLDER,
  });
  let stopped = false;
  let rest = '';
  const { stdout } = process;
  // Not execa's own iterable: a bridge that reloads makes ten thousands of lines, one write each.
  stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (!stopped) events.line(line);
    if (text.length >= BULK) return;
    stdout.pause();
    setTimeout(() => stdout.resume(), TRICKLE_MS);
  });
  void process.then((result) => {
    if (!stopped) events.end(`${commandLine(command, args)}: ${result.failed ? explain(result) : 'ended'}`);
  });
  return {
    stop: () => {
      stopped = true;
      process.kill('SIGTERM');
    },
  };
}

// What failed is shown and logged: arguments may be long, and others may decide what a program prints.
const MAX_COMMAND = 100;
const MAX_SAID = 400;

function commandLine(command: string, args: readonly string[]): string {
  return cut([command, ...args].join(' '), MAX_COMMAND);
}

interface Failure {
  readonly code?: string | undefined;
  readonly timedOut?: boolean;
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
  readonly stderr?: unknown;
  readonly shortMessage?: string | undefined;
}

function explain(result: Failure): string {
  if (result.code === 'ENOENT') return 'no such program in PATH';
  if (result.timedOut) return 'timed out';
  const lastLine =
    String(result.stderr ?? '')
      .trim()
      .split('\n')
      .at(-1) ?? '';
  if (result.exitCode !== undefined) return `exit ${result.exitCode}${lastLine ? `: ${cut(lastLine, MAX_SAID)}` : ''}`;
  if (result.signal) return `ended by ${result.signal}`;
  return cut(result.shortMessage?.split('\n')[0] ?? 'failed', MAX_SAID);
}
