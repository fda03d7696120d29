// What this process uses (the few process_* metrics that alerts and dashboards use), and who reads what it writes. proc(5).
import { fstatSync, readdirSync } from 'node:fs';
import type { ProcessFacts } from '../../model/process-facts.ts';
import { orUndefined } from '../../model/snapshot.ts';

// The start by the wall clock, as node knows it.
const startTime = performance.timeOrigin / 1000;

/** As of now. */
export function processFacts(): ProcessFacts {
  const { user, system } = process.cpuUsage();
  return {
    cpuSeconds: (user + system) / 1e6,
    startTime,
    residentBytes: process.memoryUsage.rss(),
    // Without the one that the listing itself opens.
    openFds: orUndefined(() => readdirSync('/proc/self/fd').length - 1),
  };
}

/**
 * Whether journald reads stderr: systemd sets JOURNAL_STREAM to device and inode of the stream; a child whose stderr is something
 * else inherits it all the same.
 */
export function stderrIsJournal(): boolean {
  const { dev, ino } = fstatSync(2);
  return process.env.JOURNAL_STREAM === `${dev}:${ino}`;
}
