// `serve` as a process: SIGHUP reloads the config, SIGTERM and SIGINT end it, systemd is told how it goes.
import { hostname } from 'node:os';
import { createLoader } from '../config/loader.ts';
import { createLog } from '../daemon/log.ts';
import { runDaemon } from '../daemon/run-daemon.ts';
import { webSockets } from '../host/linux/listen-fds.ts';
import { keepHeapSmall } from '../host/linux/memory.ts';
import { openKernelBridges } from '../host/linux/netlink/kernel-bridges.ts';
import { createNotifier } from '../host/linux/notify.ts';
import { createHost } from '../host/linux/real.ts';
import type { LogFormat, LogLevel } from '../model/log.ts';
import { VERSION } from '../model/version.ts';
import { parseAddress, systemdAddresses } from '../web/listen.ts';
import { createWebSettings } from '../web/settings.ts';
import { type Service, startService } from './exporter-service.ts';

/** As src/cli/serve.ts declares them. */
export interface ServeFlags {
  readonly 'config.file': string;
  readonly 'web.listenAddress': readonly string[];
  readonly 'web.config.file'?: string | undefined;
  readonly 'web.systemdSocket'?: true | undefined;
  readonly 'web.telemetryPath': string;
  readonly 'web.maxRequests': number;
  readonly 'web.enableLifecycle'?: true;
  readonly 'log.level': LogLevel;
  readonly 'log.format': LogFormat;
}

// Connections are ended at once; this is for a process of the host's that does not end.
const STOP_MS = 900;

/** Runs until a signal ends it. Throws ConfigError or ListenError. */
export async function runServe(flags: ServeFlags): Promise<void> {
  keepHeapSmall();
  const log = createLog({ level: flags['log.level'], format: flags['log.format'] });
  const host = createHost(openKernelBridges(process.env, log));
  const notifier = createNotifier(process.env, log);
  const webFile = flags['web.config.file'] || undefined;
  const service = await startService({
    host,
    ...createLoader(host, flags['config.file']),
    log,
    hostname: hostname(),
    addresses: flags['web.systemdSocket']
      ? systemdAddresses(webSockets(process.env))
      : flags['web.listenAddress'].map(parseAddress),
    web: webFile === undefined ? undefined : createWebSettings(host, webFile, log),
    telemetryPath: flags['web.telemetryPath'],
    maxRequests: flags['web.maxRequests'],
    lifecycle: flags['web.enableLifecycle'] ?? false,
  });
  log.info({ version: VERSION, policy: service.exporter.state().settings.policy.sha256 }, 'exporter starts');
  await runDaemon({ ...service, status: () => statusOf(service) }, { notifier, log, stopWithinMs: STOP_MS });
}

/** What `systemctl status` shows. */
function statusOf({ exporter, urls }: Service): string {
  const report = exporter.state().report;
  const vnets = report?.bridges.reduce((sum, bridge) => sum + bridge.vnets.length, 0) ?? 0;
  return `Version ${VERSION}, ${vnets} vnets at the start, ${urls.join(' ')}`;
}
