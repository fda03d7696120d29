// The demo's life by itself: a drift every now and then, VMs that stop and start. The first drift comes at once, so that whoever
// looks for the first time sees one appear and be healed.
import type { Handle } from '../../host/host.ts';
import type { SimHost } from '../../host/sim/host.ts';
import type { Acts, Drift, Puzzle } from './acts.ts';
import type { Random } from './random.ts';

export interface LifeOptions {
  readonly host: SimHost;
  readonly acts: Acts;
  readonly drifts: readonly Drift[];
  readonly puzzles: readonly Puzzle[];
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
// The first two are healed, the third is none that anybody heals, and so on; an operator mends it two drifts later.
const PUZZLE_EVERY = 3;
const PUZZLE_LASTS = 2;

/** Starts it. */
export function startLife(options: LifeOptions): Handle {
  const { host, acts, drifts, puzzles, random, driftEveryMs, restarts, tell } = options;
  const timers = new Set<NodeJS.Timeout>();
  const after = (ms: number, act: () => void) => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      act();
    }, ms);
    timers.add(timer);
  };

  let drifted = 0;
  const drift = (everyMs: number) => {
    drifted += 1;
    const puzzle = drifted % PUZZLE_EVERY === 0 ? random.pick(puzzles) : undefined;
    const { make, fits } = puzzle ?? random.pick(drifts);
    const domains = host.running().filter(fits);
    if (domains.length > 0) {
      const domain = random.pick(domains);
      tell(make(domain));
      // It may have been stopped meanwhile, and forgets it all.
      const mend = () => puzzle && host.running().includes(domain) && tell(puzzle.mend(domain));
      if (puzzle) after(PUZZLE_LASTS * everyMs, mend);
    }
    after(everyMs, () => drift(everyMs));
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

  if (driftEveryMs !== undefined) after(Math.min(FIRST_DRIFT_MS, driftEveryMs), () => drift(driftEveryMs));
  if (restarts) after(VM_EVERY_MS, restartOne);
  return {
    stop: () => {
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
    },
  };
}
