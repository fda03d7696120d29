// The worker: one process for all calls that libvirt does not wait for. A VM whose taps are missing holds up no other one.
import { parseJob } from './call.ts';
import { type HookMachine, reportFailure, runLater } from './run.ts';

const LOOK_AGAIN_MS = 200;
// Then the next worker takes what comes: see hook.sh.
const TAKE_FOR_MS = 600_000;

/** `take`: the jobs that have come since it was called last. Resolves when all are done and none has come. Rejects where `take` throws. */
export async function doJobs(machine: HookMachine, take: () => readonly string[]): Promise<void> {
  const running = new Set<Promise<void>>();
  do {
    for (const text of machine.elapsed() < TAKE_FOR_MS ? take() : []) {
      const job = doJob(text, machine).finally(() => running.delete(job));
      running.add(job);
    }
    if (running.size > 0) await Promise.race([Promise.all(running), machine.sleep(LOOK_AGAIN_MS)]);
  } while (running.size > 0);
}

async function doJob(text: string, machine: HookMachine): Promise<void> {
  try {
    await runLater(parseJob(text), machine);
  } catch (error) {
    reportFailure({ guest: '', operation: 'started' }, error, machine, 0);
  }
}
