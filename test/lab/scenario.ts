// What a lab scenario is written with: titled checks, printed one a line, and a count at the end that the caller adds up.
// A scenario without that last line (it died, it hung) counts as failed: see `verdict` in test/lab/run.
import { execFile } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';

let passed = 0;
let failed = 0;

/** Runs one check; a body that throws fails it, and the scenario goes on. Titles state facts. */
export async function test(title: string, body: () => void | Promise<void>): Promise<void> {
  const start = performance.now();
  try {
    await body();
    passed++;
    console.log(`ok ${title} (${Math.round(performance.now() - start)} ms)`);
  } catch (error) {
    failed++;
    console.log(
      `not ok ${title}: ${(error instanceof Error ? error.message : String(error)).replaceAll('\n', '\n    ')}`,
    );
  }
}

/** Prints a figure or a remark. */
export function note(text: string): void {
  console.log(`# ${text}`);
}

/** The scenario's last call: prints its count and ends the process. */
export function finish(): never {
  console.log(`count ${passed} ${failed}`);
  process.exit(failed === 0 ? 0 : 1);
}

/** Runs a command by sh, which starts in a third of bash's time; resolves to its stdout without the last newline, rejects with its stderr where it exits non-zero. `timeoutMs` is 120 s unless told. */
export function sh(command: string, options: { input?: string; timeoutMs?: number } = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      '/bin/sh',
      ['-c', command],
      { timeout: options.timeoutMs ?? 120_000, maxBuffer: 64 << 20 },
      (error, stdout, stderr) => {
        if (error)
          reject(
            new Error(`${command}\n${error.killed ? 'timed out' : `exit ${error.code}`}\n${stderr}${stdout}`.trimEnd()),
          );
        else resolve(stdout.replace(/\n$/, ''));
      },
    );
    child.stdin?.on('error', () => undefined); // it did not read its input
    child.stdin?.end(options.input ?? '');
  });
}

/**
 * Asks `probe` every `everyMs` until it returns something other than undefined or false, at most `timeoutMs`; rejects with what was asked for and
 * the probe's last error. Resolves to the value and to the milliseconds that it took.
 */
export async function until<T>(
  what: string,
  timeoutMs: number,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  everyMs = 100,
): Promise<{ readonly value: T; readonly ms: number }> {
  const start = performance.now();
  let last: unknown = 'not so';
  for (;;) {
    try {
      const value = await probe();
      if (value !== undefined && value !== false) return { value, ms: performance.now() - start };
    } catch (error) {
      last = error instanceof Error ? error.message : error;
    }
    if (performance.now() - start > timeoutMs) throw new Error(`${what}: not within ${timeoutMs} ms (${String(last)})`);
    await setTimeout(everyMs);
  }
}
