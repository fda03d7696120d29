// `remediate` on this machine: signals, watchers, schedule, systemd, and the folders that its unit gives it.
import { join } from 'node:path';
import { loadSettings } from '../config/load.ts';
import type { Settings } from '../config/settings.ts';
import { createLog } from '../daemon/log.ts';
import { runDaemon } from '../daemon/run-daemon.ts';
import { startSchedule } from '../daemon/schedule.ts';
import { debounce } from '../host/debounce.ts';
import type { Handle, Host } from '../host/host.ts';
import { takeLock } from '../host/linux/lock.ts';
import { keepHeapSmall } from '../host/linux/memory.ts';
import { openKernelBridges } from '../host/linux/netlink/kernel-bridges.ts';
import { createNotifier } from '../host/linux/notify.ts';
import { createHost } from '../host/linux/real.ts';
import { watchHost } from '../host/linux/watch.ts';
import { LOCK_FOLDER, REMEDIATOR_FOLDER } from '../host/remediator-status.ts';
import type { Log, LogFormat, LogLevel } from '../model/log.ts';
import { renderStatus } from '../model/remediator-status.ts';
import { VERSION } from '../model/version.ts';
import { createRemediator, PAUSE_FILE, type Remediator } from '../remediation/remediator.ts';
import { createStateFile, createStateMemory } from '../remediation/state-file.ts';

/** As src/cli/remediate.ts declares them. */
export interface RemediateFlags {
  readonly 'config.file': string;
  readonly dryRun?: true;
  readonly 'log.level': LogLevel;
  readonly 'log.format': LogFormat;
}

const STATE_FOLDER = '/var/lib/libvirt-vlan-remediator';
// A VM's start is some twenty events within a few milliseconds. By netlink a cycle costs a few milliseconds, too.
const DEBOUNCE = { quietMs: 2, maxMs: 50 };

/** Runs until a signal ends it. Throws ConfigError. */
export async function runRemediate(flags: RemediateFlags): Promise<void> {
  keepHeapSmall();
  const log = createLog({ level: flags['log.level'], format: flags['log.format'] });
  const host = createHost(openKernelBridges(process.env, log));
  const notifier = createNotifier(process.env, log);
  const load = () => loadSettings(host, flags['config.file']);
  const dryRun = flags.dryRun ?? false;
  const settings = load();
  const file = createStateFile(host, process.env.STATE_DIRECTORY ?? STATE_FOLDER);
  const status = join(process.env.RUNTIME_DIRECTORY ?? REMEDIATOR_FOLDER, 'status.json');
  const remediator = createRemediator({
    host,
    settings,
    // A dry run goes by what is remembered, and leaves no trace in it.
    store: dryRun ? createStateMemory(file.load()) : file,
    dryRun,
    log,
    nextAt: () => schedule.nextAt(),
    publish: (told) => host.replaceFile(status, renderStatus(told), { mode: 0o644 }),
    lock: () => takeLock(LOCK_FOLDER, `remediate, process ${process.pid}`),
  });
  log.info({ version: VERSION, dry_run: dryRun, policy: settings.policy.sha256 }, 'remediator starts');

  const onSchedule = () => remediator.wake('schedule');
  let schedule = startSchedule(settings.schedule, onSchedule, log);
  const first = remediator.wake('startup');
  const events = debounce(() => void remediator.wake('event'), DEBOUNCE);
  const watches = [watchHost(host, events.trigger, log), watchPause(host, events.trigger, log)];
  await runDaemon(
    {
      settled: () => first,
      status: () => `Version ${VERSION}${dryRun ? ', dry run: changes nothing' : ''}`,
      reload: () => {
        const next = reload(load, remediator, log);
        if (!next) return;
        schedule.stop();
        schedule = startSchedule(next.schedule, onSchedule, log);
      },
      stuckMs: () => Math.max(remediator.busyMs(), schedule.overdueMs()),
      stop: async () => {
        for (const handle of [...watches, schedule]) handle?.stop();
        events.cancel();
        await remediator.stop();
      },
    },
    { notifier, log },
  );
  host.removeFile(status);
}

/** undefined where the file is bad: the last good one stays in force. */
function reload(load: () => Settings, remediator: Remediator, log: Log): Settings | undefined {
  try {
    const settings = load();
    remediator.reload(settings);
    log.info({ policy: settings.policy.sha256 }, 'config reloaded');
    return settings;
  } catch (error) {
    log.error({ problem: (error as Error).message }, 'config refused: the last good one stays in force');
    return undefined;
  }
}

/** Wakes at once when the pause begins or ends; without this, the schedule notices. */
function watchPause(host: Host, changed: () => void, log: Log): Handle | undefined {
  const [folder, name] = [PAUSE_FILE.slice(0, PAUSE_FILE.lastIndexOf('/')), PAUSE_FILE.split('/').at(-1)];
  const failed = (problem: string) => log.warn({ problem }, 'the pause file is looked for by the schedule only');
  try {
    return host.watch(folder, (entry) => entry === name && changed(), failed);
  } catch (error) {
    failed((error as Error).message);
    return undefined;
  }
}
