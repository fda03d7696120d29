// Data to stdout, words to stderr. A reader that has enough, as `head`, closes its end: that is no error.
import type { Host } from '../host/host.ts';

/** Exit status of what could not be answered: 0 and 1 are the answers of check, plan and heal. */
export const CANNOT_TELL = 2;

/** Writes `text`. The exit status stays what it is when nobody reads on. */
export function print(text: string): void {
  if (process.stdout.listenerCount('error', failed) === 0) process.stdout.on('error', failed);
  process.stdout.write(text);
}

/** Whether stdout shows colour: a terminal that can, and neither NO_COLOR nor TERM=dumb says otherwise. */
export function showsColour(): boolean {
  return process.stdout.isTTY === true && process.stdout.hasColors();
}

/** Writes a line for people to stderr, as all that is no data. */
export function tell(line: string): void {
  process.stderr.write(`libvirt-vlan-exporter: ${line}\n`);
}

/** From now on a stderr that cannot be written (a full disk, a reader that has gone) changes nothing: there is nobody to be told. Logs go there, too. */
export function outliveStderr(): void {
  if (process.stderr.listenerCount('error', unsayable) === 0) process.stderr.on('error', unsayable);
}

/** An action of commander's: `run` with this machine, and what it returns is the exit status. */
export function onThisHost<A extends unknown[]>(run: (host: Host, ...args: A) => Promise<number>) {
  return async (...args: A): Promise<void> => {
    const { createHost } = await import('../host/linux/real.ts');
    process.exitCode = await run(createHost(), ...args);
  };
}

// Not thrown: node's own exit status for that is 1, which says "drift" here.
function failed(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') return;
  tell(`stdout: ${error.message}`);
  process.exit(CANNOT_TELL);
}

function unsayable(): void {}
