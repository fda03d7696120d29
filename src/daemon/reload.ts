// A daemon's config, read again.
import type { Settings } from '../config/settings.ts';
import type { Log } from '../model/log.ts';

/** Puts the config as it is now in force. A bad one is refused: the problem is logged and returned, and the last good one stays. */
export function reloadSettings(
  load: () => Settings,
  apply: (settings: Settings) => void,
  log: Log,
): string | undefined {
  try {
    const settings = load();
    apply(settings);
    log.info({ policy: settings.policy.sha256 }, 'config reloaded');
    if (settings.policy.bridges.length === 0) log.warn({}, 'the config names no bridge: nothing is watched');
    return undefined;
  } catch (error) {
    const problem = (error as Error).message;
    log.error({ problem }, 'config refused, the last good one stays in force');
    return problem;
  }
}
