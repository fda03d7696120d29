// `demo` as a process: prints where to look and what happens; SIGHUP reloads the config, SIGTERM and SIGINT end it.
import { createLog, type LogLevel } from '../../daemon/log.ts';
import { parseAddress } from '../../web/listen.ts';
import { type DemoOptions, startDemo } from './demo.ts';

export interface RunDemoOptions extends Omit<DemoOptions, 'addresses' | 'control' | 'log' | 'tell'> {
  readonly listenAddresses: readonly string[];
  readonly control: string | undefined;
  readonly logLevel: LogLevel;
}

// Connections are ended at once; this is for what does not end.
const STOP_MS = 900;

/** Runs until a signal ends it. Throws ConfigError or ListenError. */
export async function runDemo({ listenAddresses, control, logLevel, ...options }: RunDemoOptions): Promise<void> {
  const say = (text: string) => void process.stdout.write(`${text}\n`);
  const demo = await startDemo({
    ...options,
    addresses: listenAddresses.map(parseAddress),
    control: control === undefined ? undefined : parseAddress(control),
    log: createLog({ level: logLevel, format: 'logfmt' }),
    tell: (what) => say(`${new Date().toISOString().slice(11, 19)} ${what}`),
  });
  process.on('SIGHUP', demo.reload);
  const ended = new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, resolve);
  });
  for (const url of demo.urls) say(`Status page ${url}  metrics ${url}metrics`);
  if (demo.controlUrl !== undefined) say(`Control ${demo.controlUrl}`);
  say(`${options.vms} VMs on a simulated host. What happens on it is told here; Ctrl-C ends it.`);
  await ended;
  setTimeout(() => process.exit(0), STOP_MS).unref();
  await demo.stop();
}
