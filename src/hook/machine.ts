// The real machine as the hook needs it, by node's own modules alone: loading more would cost as much time as the work itself.
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { DEFAULT_CONFIG_FILE } from '../config/settings.ts';
import type { Host, RunOptions, RunResult } from '../host/host.ts';
import { files } from '../host/linux/files.ts';
import { renderEntry } from '../host/linux/journal-write.ts';
import { type BridgeSession, openSession, throughSession } from './bridge-session.ts';
import { forget, KEPT_CODE, KEPT_FOLDER, readKept, writeKept } from './kept.ts';
import { nextCall } from './next-call.ts';
import type { HookMachine } from './run.ts';

/** Set in the process that goes on in the background. */
const BACKGROUND = 'LIBVIRT_VLAN_HOOK_BACKGROUND';

// libvirt waits for the hook, and the VM's start with it: no command may take longer.
const MAX_COMMAND_MS = 5_000;
// After that, a command of its own has its try.
const MAX_SESSION_MS = 2_000;
// What a command may print: the VLAN tables of 10,000 ports have 2 MB.
const MAX_OUTPUT = 64 * 1024 * 1024;

// File descriptors that libvirt's script opens, see hook/script.ts.
const ANSWER_FD = 3;
const TABLES_FD = 4;
const COMMANDS_FD = 5;

// As long to load as a program to start, so only where it is used.
const childProcess = () => process.getBuiltinModule('node:child_process');

/** `program`: what this process runs, `args`: libvirt's own. `answers`: for libvirt's script, else for whoever waits for the end. */
export function createHookMachine(
  program: string,
  args: readonly string[],
  answers: boolean,
  env = process.env,
): HookMachine {
  const goOnInBackground = (xml: string) =>
    startDetached(process.execPath, [program, 'hook', ...args], xml, { ...env, [BACKGROUND]: '1' });
  const sleep = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));
  const session = answers ? openSession(COMMANDS_FD, TABLES_FD, MAX_SESSION_MS) : undefined;
  return {
    host: session ? { ...host, run: throughSession(session, run) } : host,
    configFile: env.LIBVIRT_VLAN_CONFIG ?? DEFAULT_CONFIG_FILE,
    settings: {
      read: () => readKept(KEPT_SETTINGS)?.toString(),
      write: (text) => void writeKept(KEPT_SETTINGS, text),
    },
    forgetKept: () => {
      for (const name of [KEPT_CODE, KEPT_SETTINGS]) forget(name);
    },
    readStdin: () => readFileSync(0, 'utf8'),
    elapsed: () => performance.now(),
    answer: session ? once((status) => answer(status, session)) : () => undefined,
    nextCall: answers ? (guest) => nextCall(guest, sleep) : undefined,
    write: (entry) => startDetached('logger', ['--journald'], renderEntry(entry), env),
    sleep,
    goOnInBackground: env[BACKGROUND] === '1' ? undefined : goOnInBackground,
  };
}

const KEPT_SETTINGS = 'settings.json';

function answer(status: number, session: BridgeSession): void {
  session.close();
  try {
    writeSync(ANSWER_FD, `${status}\n`);
    closeSync(ANSWER_FD);
  } catch {
    // The script is there no more, and nobody waits.
  }
}

function once(act: (status: number) => void): (status: number) => void {
  let done = false;
  return (status) => {
    if (done) return;
    done = true;
    act(status);
  };
}

const host: Host = {
  ...files,
  run,
  follow: () => {
    throw new Error('the hook follows nothing');
  },
  watch: () => {
    throw new Error('the hook watches nothing');
  },
};

// One after another, so the plain synchronous call: node's streams for a child cost as much as the command itself.
async function run(
  command: string,
  args: readonly string[],
  { input = '', timeoutMs }: RunOptions,
): Promise<RunResult> {
  const { error, status, signal, stdout, stderr } = childProcess().spawnSync(command, args, {
    input,
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
    timeout: Math.min(timeoutMs, MAX_COMMAND_MS),
    killSignal: 'SIGKILL',
    maxBuffer: MAX_OUTPUT,
  });
  const said = stderr?.trim().split('\n').at(-1);
  const problem = status === 0 ? undefined : status === null ? whyKilled(error, signal) : `exit ${status}: ${said}`;
  return {
    stdout: stdout ?? '',
    stderr: stderr ?? '',
    exitCode: status ?? undefined,
    problem: problem && `${command} ${args.join(' ')}: ${problem}`,
  };
}

function whyKilled(error: NodeJS.ErrnoException | undefined, signal: NodeJS.Signals | null): string {
  if (error?.code === 'ENOENT') return 'no such program in PATH';
  if (error?.code === 'ETIMEDOUT') return 'timed out';
  return error?.message ?? `ended by ${signal}`;
}

// In a session of its own, with nothing of libvirt's open: libvirt waits until the hook's stdout and stderr are closed by all.
// Its input is a file where that can be: node's streams for a pipe take as long as starting two programs.
function startDetached(command: string, args: readonly string[], input: string, env: NodeJS.ProcessEnv): void {
  const file = unnamedFile(input);
  const child = childProcess().spawn(command, args, {
    detached: true,
    stdio: [file ?? 'pipe', 'ignore', 'ignore'],
    env,
  });
  child.on('error', (error) => process.stderr.write(`libvirt-vlan-exporter: ${command}: ${error.message}\n${input}`));
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(input);
  child.unref();
  if (file !== undefined) closeSync(file);
}

/** A file that holds `text` and has no name any more, open for reading; undefined where it cannot be made. */
function unnamedFile(text: string): number | undefined {
  const path = `${KEPT_FOLDER}/input.${process.pid}`;
  try {
    mkdirSync(KEPT_FOLDER, { recursive: true, mode: 0o700 });
    writeFileSync(path, text, { mode: 0o600, flag: 'wx' });
    return openSync(path, 'r');
  } catch {
    return undefined;
  } finally {
    rmSync(path, { force: true });
  }
}
