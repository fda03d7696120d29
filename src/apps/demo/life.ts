// The demo's life by itself: a drift every now and then, VMs that stop and start. The first drift comes at once, so that whoever
// looks for the first time sees one appear and be healed.
import type { Handle } from '../../host/host.ts';
import type { SimHost } from '../../host/sim/host.ts';
import type { Acts } from './acts.ts';
import type { Random } from './random.ts';

export interface LifeOptions {
  readonly host: SimHost;
  readonly acts: Acts;
  readonly random: Random;
  /** Milliseconds between two drifts; undefined = none. */
  readonly driftEveryMs: number | undefined;
  /** Whether VMs stop and start. */
  readonly restarts: boolean;
  /** Told of each thing that happened. */
  readonly tell: (what: string) => void;
}

const FIRST_DRIFT_MS = 8_000;
const VM_EVERY_MS = 20_000;
const VM_PAUSE_MS = 8_000;
const HOOK_FAILURES = 0.2;

/** Starts it. */
export function startLife({ host, acts, random, driftEveryMs, restarts, tell }: LifeOptions): Handle {
  const timers = new Set<NodeJS.Timeout>();
  const after = (ms: number, act: () => void) => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      act();
    }, ms);
    timers.add(timer);
  };

  const drift = () => {
    const running = host.running();
    if (running.length > 0) tell(random.pick([acts.breakPvid, acts.wipe, acts.removeVlan])(random.pick(running)));
    if (driftEveryMs !== undefined) after(driftEveryMs, drift);
  };
  const restartOne = () => {
    const running = host.running();
    if (running.length > 0) {
      const domain = random.pick(running);
      tell(acts.stop(domain));
      const hookFails = driftEveryMs !== undefined && random.next() < HOOK_FAILURES;
      // It may have been started by hand meanwhile.
      after(VM_PAUSE_MS, () => host.running().includes(domain) || tell(acts.start(domain, hookFails)));
    }
    after(VM_EVERY_MS, restartOne);
  };

  if (driftEveryMs !== undefined) after(Math.min(FIRST_DRIFT_MS, driftEveryMs), drift);
  if (restarts) after(VM_EVERY_MS, restartOne);
  return {
    stop: () => {
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
    },
  };
}
