// Programs that a test starts and ends, each by its process id.
import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Program {
  /** Everything that it has written so far. */
  output(): string;
  /** Ends it, and resolves when it has ended. */
  stop(): Promise<void>;
}

/** Starts a program, and resolves when `ready` does. Throws Error with its output where it ends before, or takes longer than 30 s. */
export async function start(
  command: string,
  args: readonly string[],
  ready: () => Promise<boolean>,
  cwd?: string,
): Promise<Program> {
  const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
  let ended: string | undefined;
  child.once('exit', (code, signal) => (ended = `${code ?? signal}`));
  child.once('error', (error) => (ended = error.message));
  const program = { output: () => output, stop: () => stop(child) };
  try {
    await until(`${command} is ready`, async () => {
      if (ended !== undefined) throw new Error(`${command} ended: ${ended}\n${output}`);
      return ready();
    });
  } catch (error) {
    await program.stop();
    throw new Error(`${(error as Error).message}\n${output}`);
  }
  return program;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await exit;
  clearTimeout(timer);
}

/** A port of the loopback that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Asks until the answer is yes. Throws Error after `timeoutMs`. */
export async function until(what: string, asked: () => boolean | Promise<boolean>, timeoutMs = 30_000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!(await asked())) {
    if (performance.now() > end) throw new Error(`not within ${timeoutMs / 1000} s: ${what}`);
    await sleep(200);
  }
}

/** Whether a GET of this URL is answered with 200. */
export async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url);
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
