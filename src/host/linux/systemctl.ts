// Units, as systemctl(1) shows them.
import type { Reading } from '../../model/snapshot.ts';
import type { Unit } from '../../model/surroundings.ts';
import { type Processes, processes } from './processes.ts';

const TIMEOUT_MS = 10_000;
const PROPERTIES = 'Id,LoadState,ActiveState,UnitFileState,NeedDaemonReload,StateChangeTimestampMonotonic';

/** The units of these names, by what systemd calls them; one that is not installed is `not-found`. Never rejects. */
export async function showUnits(
  names: readonly string[],
  run: Processes['run'] = processes.run,
): Promise<Reading<ReadonlyMap<string, Unit>>> {
  const { problem, stdout } = await run('systemctl', ['show', '-p', PROPERTIES, ...names], { timeoutMs: TIMEOUT_MS });
  return problem === undefined ? { ok: true, value: parseUnits(stdout, bootTime()) } : { ok: false, error: problem };
}

/**
 * The output of `systemctl show`: a block of `Key=value` lines for each unit, an empty line between two. `boot`: when the
 * monotonic clock stood at 0, milliseconds since the epoch.
 */
export function parseUnits(text: string, boot: number): ReadonlyMap<string, Unit> {
  return new Map(
    text.split(/\n\n+/).map((block) => {
      const of = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(block)?.[1] ?? '';
      // Microseconds; 0 where it never did. The other form is a date whose zone and precision depend on systemd's version and options.
      const changed = Number(of('StateChangeTimestampMonotonic'));
      return [
        of('Id'),
        {
          load: of('LoadState'),
          active: of('ActiveState'),
          file: of('UnitFileState'),
          stale: of('NeedDaemonReload') === 'yes',
          changedAt: changed > 0 ? boot + changed / 1000 : undefined,
        },
      ];
    }),
  );
}

// By systemd's own clock (CLOCK_MONOTONIC): performance.now() begins with the process. Asked anew each time, as the time of day may be set.
function bootTime(): number {
  return Date.now() - Number(process.hrtime.bigint()) / 1e6;
}
