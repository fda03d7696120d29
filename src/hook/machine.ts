// The real machine as the hook needs it, by node's own modules alone: loading more would cost as much time as the work itself.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { DEFAULT_CONFIG_FILE } from '../config/settings.ts';
import { files } from '../host/files.ts';
import type { Host, RunOptions, RunResult } from '../host/host.ts';
import { renderEntry } from '../host/journal-write.ts';
import type { HookMachine } from './run.ts';

/** Set in the process that goes on in the background. */
const BACKGROUND = 'LIBVIRT_VLAN_HOOK_BACKGROUND';

// libvirt waits for the hook, and the VM's start with it: no command may take longer.
const MAX_COMMAND_MS = 5_000;

/** `program`: the script that this process runs, `args`: its arguments after `hook`. */
export function createHookMachine(program: string, args: readonly string[], env = process.env): HookMachine {
  const goOnInBackground = (xml: string) =>
    startDetached(process.execPath, [program, 'hook', ...args], xml, { ...env, [BACKGROUND]: '1' });
  return {
    host,
    configFile: env.LIBVIRT_VLAN_CONFIG ?? DEFAULT_CONFIG_FILE,
    settings: { read: readKept, write: writeKept },
    readStdin: () => readFileSync(0, 'utf8'),
    elapsed: () => performance.now(),
    write: (entry) => startDetached('logger', ['--journald'], renderEntry(entry), env),
    sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    goOnInBackground: env[BACKGROUND] === '1' ? undefined : goOnInBackground,
  };
}

// Only root writes to /run.
const KEPT_FOLDER = '/run/libvirt-vlan-hook';
const KEPT_FILE = `${KEPT_FOLDER}/settings.json`;

function readKept(): string | undefined {
  try {
    return readFileSync(KEPT_FILE, 'utf8');
  } catch {
    return undefined;
  }
}

function writeKept(text: string): void {
  try {
    mkdirSync(KEPT_FOLDER, { recursive: true, mode: 0o700 });
    writeFileSync(`${KEPT_FILE}.${process.pid}`, text, { mode: 0o600 });
    renameSync(`${KEPT_FILE}.${process.pid}`, KEPT_FILE);
  } catch {
    // The next call loads the config itself.
  }
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

function run(command: string, args: readonly string[], { input = '', timeoutMs }: RunOptions): Promise<RunResult> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      env: { ...process.env, LC_ALL: 'C' },
      timeout: Math.min(timeoutMs, MAX_COMMAND_MS),
      killSignal: 'SIGKILL',
    });
    const texts = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        texts[name] += text;
      });
    }
    const finish = (exitCode: number | undefined, problem: string | undefined) =>
      resolve({ ...texts, exitCode, problem: problem && `${command} ${args.join(' ')}: ${problem}` });
    child.on('error', (error: NodeJS.ErrnoException) =>
      finish(undefined, error.code === 'ENOENT' ? 'no such program in PATH' : error.message),
    );
    child.on('close', (code, signal) => {
      if (code === 0) return finish(0, undefined);
      if (code === null) return finish(undefined, child.killed ? 'timed out' : `ended by ${signal}`);
      finish(code, `exit ${code}: ${texts.stderr.trim().split('\n').at(-1)}`);
    });
    // A command that ends before it has read everything is judged by its exit status.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}

// In a session of its own, with nothing of libvirt's open: libvirt waits until the hook's stdout and stderr are closed by all.
function startDetached(command: string, args: readonly string[], input: string, env: NodeJS.ProcessEnv): void {
  const child = spawn(command, args, { detached: true, stdio: ['pipe', 'ignore', 'ignore'], env });
  child.on('error', (error) => process.stderr.write(`libvirt-vlan-exporter: ${command}: ${error.message}\n${input}`));
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(input);
  child.unref();
}
