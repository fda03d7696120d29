// `remediate` on this machine, in the folders that its unit gives it.
import { basename, join } from 'node:path';
import { loadSettings } from '../config/load.ts';
import type { Settings } from '../config/settings.ts';
import { createLog } from '../daemon/log.ts';
import { reloadSettings } from '../daemon/reload.ts';
import { runDaemon } from '../daemon/run-daemon.ts';
import { startWaking } from '../daemon/waking.ts';
import type { Handle, Host } from '../host/host.ts';
import { takeLock } from '../host/linux/lock.ts';
import { keepHeapSmall } from '../host/linux/memory.ts';
import { openKernelBridges } from '../host/linux/netlink/kernel-bridges.ts';
import { createNotifier } from '../host/linux/notify.ts';
import { createHost } from '../host/linux/real.ts';
import type { Log, LogFormat, LogLevel } from '../model/log.ts';
import {
  AGREED_FILE,
  LOCK_FOLDER,
  PAUSE_FILE,
  REMEDIATOR_FOLDER,
  RUNNING_FOLDER,
  STATUS_FILE,
} from '../model/remediator-paths.ts';
import { renderStatus } from '../model/remediator-status.ts';
import { VERSION } from '../model/version.ts';
import { createRemediator } from '../remediation/remediator.ts';
import { createStateFile, createStateMemory } from '../remediation/state-file.ts';
import { beOnlyRemediator } from './only-remediator.ts';

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

/** Runs until a signal ends it. Throws ConfigError or NotOnlyError. */
export async function runRemediate(flags: RemediateFlags): Promise<void> {
  keepHeapSmall();
  const log = createLog({ level: flags['log.level'], format: flags['log.format'] });
  const host = createHost(openKernelBridges(process.env, log));
  const notifier = createNotifier(process.env, log);
  const load = () => loadSettings(host, flags['config.file']);
  const dryRun = flags.dryRun ?? false;
  const settings = load();
  const folder = process.env.RUNTIME_DIRECTORY ?? REMEDIATOR_FOLDER;
  // Before anything is read, published or removed that another one may be at.
  const release = await beOnlyRemediator(join(folder, basename(RUNNING_FOLDER)), dryRun);
  const file = createStateFile(host, process.env.STATE_DIRECTORY ?? STATE_FOLDER);
  const status = join(folder, basename(STATUS_FILE));
  const remediator = createRemediator({
    host,
    settings,
    // A dry run goes by what is remembered, and leaves no trace in it.
    store: dryRun ? createStateMemory(file.load()) : file,
    dryRun,
    log,
    nextAt: () => waking.nextAt(),
    publish: (current) => host.replaceFile(status, renderStatus(current), { mode: 0o644 }),
    lock: () => takeLock(LOCK_FOLDER, `remediate, process ${process.pid}`),
  });
  log.info({ version: VERSION, dry_run: dryRun, policy: settings.policy.sha256 }, 'remediator starts');

  const { wake } = remediator;
  const waking = startWaking({ host, schedule: settings.schedule, events: DEBOUNCE, wake, log });
  const first = wake('startup');
  const words = watchOperator(host, waking.event, log);
  const apply = (next: Settings) => {
    // First what may be refused: then the last good config stays in force as a whole.
    waking.reschedule(next.schedule);
    remediator.reload(next);
  };
  await runDaemon(
    {
      settled: () => first,
      status: () => `Version ${VERSION}${dryRun ? ', dry run: changes nothing' : ''}`,
      reload: () => reloadSettings(load, apply, log),
      stuckMs: () => Math.max(remediator.busyMs(), waking.overdueMs()),
      stop: async () => {
        waking.stop();
        words?.stop();
        await remediator.stop();
      },
    },
    { notifier, log },
  );
  try {
    host.removeFile(status);
  } catch (error) {
    log.warn({ problem: (error as Error).message }, 'the status could not be removed: it shows until it is stale');
  }
  await release();
}

/** Wakes at once when the pause begins or ends, or a policy is accepted; without this, the schedule notices. */
function watchOperator(host: Host, changed: () => void, log: Log): Handle | undefined {
  const names = [PAUSE_FILE, AGREED_FILE].map((path) => basename(path));
  const failed = (problem: string) =>
    log.warn({ problem }, 'the pause file, and what heal accepts, are looked for by the schedule only');
  try {
    return host.watch(REMEDIATOR_FOLDER, (entry) => names.includes(entry ?? '') && changed(), failed);
  } catch (error) {
    failed((error as Error).message);
    return undefined;
  }
}
