// The process that answered at `start` stays, and takes the second look when libvirt says `started`: no second node is started for
// it. The script, which libvirt calls for that, finds the process by a file with its id, and adds the operation: see hook/script.ts.
import { forget, readKept, writeKept } from './kept.ts';

// A VM's start that takes longer gets a process of its own at `started`.
const MAX_WAIT_MS = 120_000;
const POLL_MS = 1_000;

/**
 * Registers at once; resolves to the operation of libvirt's next call for this VM, to undefined where none came in time. Returns
 * undefined where it cannot register. `sleep` takes milliseconds.
 */
export function nextCall(
  guest: string,
  sleep: (milliseconds: number) => Promise<void>,
): Promise<string | undefined> | undefined {
  const name = `start.${guest}`;
  return writeKept(name, `${process.pid}\n`) ? waitFor(name, sleep) : undefined;
}

async function waitFor(name: string, sleep: (milliseconds: number) => Promise<void>): Promise<string | undefined> {
  for (let waited = 0; waited < MAX_WAIT_MS; waited += POLL_MS) {
    await sleep(POLL_MS);
    const [pid, operation] = readKept(name)?.toString().split('\n') ?? [];
    // Another start of the same VM, which has removed it.
    if (pid !== String(process.pid)) return undefined;
    if (operation) {
      forget(name);
      return operation;
    }
  }
  forget(name);
  return undefined;
}
