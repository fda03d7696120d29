import type { RemediatorStatus } from '../../src/model/remediator-status.ts';

/** Of a remediator to which nothing has happened yet, but for what is told. */
export function statusAt(at: number, more: Partial<RemediatorStatus> = {}): RemediatorStatus {
  return {
    version: 1,
    startedAt: at,
    lastCycleAt: at,
    dryRun: false,
    paused: false,
    policySha256: '',
    domains: [],
    held: [],
    refusals: [],
    duration: { buckets: [], sum: 0, count: 0 },
    recent: [],
    ...more,
  };
}
