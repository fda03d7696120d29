// `demo` as a process: prints where to look and what happens; SIGHUP reloads the config, SIGTERM and SIGINT end it.
import { createLog } from '../../daemon/log.ts';
import { runDaemon } from '../../daemon/run-daemon.ts';
import { createNotifier } from '../../host/linux/notify.ts';
import type { LogLevel } from '../../model/log.ts';
import { parseAddress, parseTcpAddress } from '../../web/listen.ts';
import { startDemo } from './demo.ts';

/** As src/cli/demo.ts declares them. Times in seconds. */
export interface DemoFlags {
  readonly 'web.listenAddress': readonly string[];
  readonly 'config.file'?: string;
  readonly 'web.config.file'?: string;
  readonly vms: number;
  readonly seed: number;
  readonly drift: boolean;
  readonly driftEvery: number;
  readonly restarts: boolean;
  readonly heal: boolean;
  readonly healAfter: number;
  readonly control?: string;
  readonly 'log.level': LogLevel;
}

// Connections are ended at once; this is for what does not end.
const STOP_MS = 900;

/** Runs until a signal ends it. Throws ConfigError or ListenError. */
export async function runDemo(flags: DemoFlags): Promise<void> {
  const say = (text: string) => void process.stdout.write(`${text}\n`);
  const log = createLog({ level: flags['log.level'], format: 'logfmt' });
  const demo = await startDemo({
    addresses: flags['web.listenAddress'].map(parseAddress),
    configFile: flags['config.file'],
    webConfigFile: flags['web.config.file'] || undefined,
    vms: flags.vms,
    seed: flags.seed,
    driftEveryMs: flags.drift ? flags.driftEvery * 1000 : undefined,
    restarts: flags.restarts,
    healAfterMs: flags.heal ? flags.healAfter * 1000 : undefined,
    control: flags.control === undefined ? undefined : parseTcpAddress(flags.control),
    log,
    tell: (what) => say(`${new Date().toISOString().slice(11, 19)} ${what}`),
  });
  for (const url of demo.urls) say(whereToLook(url));
  if (demo.controlUrl !== undefined) say(`Control ${demo.controlUrl}`);
  say(
    `${flags.vms} VMs on a simulated host. What befalls it is told here, what is healed on the page; Ctrl-C ends it.`,
  );
  const notifier = createNotifier({}, log);
  await runDaemon(demo, { notifier, log, stopWithinMs: STOP_MS });
}

// A Unix socket has no URL that a browser takes.
function whereToLook(url: string): string {
  return url.startsWith('unix:')
    ? `Status page / and metrics /metrics on ${url}`
    : `Status page ${url}  metrics ${url}metrics`;
}
