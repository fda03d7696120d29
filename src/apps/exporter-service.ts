// The exporter with its server: what `serve` runs on this machine and `demo` on the simulated one.
import type { Settings } from '../config/settings.ts';
import { createExporter, type Exporter } from '../exporter/exporter.ts';
import type { Host } from '../host/host.ts';
import { createPageSource } from '../web/page-source.ts';
import { type ServerOptions, startServer } from '../web/server.ts';
import { noWebSettings, type WebSettings } from '../web/settings.ts';

/** The server's own options as they are, and what the exporter needs. */
export interface ServiceOptions extends Omit<ServerOptions, 'exporter' | 'settings' | 'reload' | 'page'> {
  readonly host: Host;
  /** Reads the config. Throws ConfigError where it is bad. */
  readonly load: () => Settings;
  /** Whether the config's file says something else than what was loaded; undefined where that cannot be told. */
  readonly isEdited?: (() => boolean | undefined) | undefined;
  /** The web config in force; plain HTTP for everybody where it is left out. */
  readonly web?: WebSettings | undefined;
  readonly hostname: string;
  /** One sentence to stand above the status page, as that this host is a simulated one. */
  readonly notice?: string;
  /** Called when the config was read again, whoever asked for it, and is in force. */
  readonly reloaded?: () => void;
}

export interface Service {
  readonly exporter: Exporter;
  readonly urls: readonly string[];
  /** Reads the config again; returns the problem where it was refused. */
  reload(): string | undefined;
  stuckMs: Exporter['stuckMs'];
  /** Resolves when the first audit has ended, everything is watched, and /metrics shows what is known; rejects where the start failed. */
  settled(): Promise<void>;
  /** Ends all connections and processes. */
  stop(): Promise<void>;
}

/** Throws ConfigError or ListenError; then nothing is left running. */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { host, load, isEdited, log } = options;
  const settings = options.web ?? noWebSettings();
  const exporter = createExporter({ host, load, isEdited, log });
  const reload = () => {
    const problem = exporter.reload();
    if (problem === undefined) options.reloaded?.();
    return problem;
  };
  const page = createPageSource(exporter, {
    hostname: options.hostname,
    notice: options.notice,
    metricsPath: options.telemetryPath,
    now: host.now,
  });
  const server = await startServer({
    ...options,
    exporter,
    settings,
    reload,
    page,
  });
  log.info({ urls: server.urls.map((url) => url.replace(/\/$/, '')) }, 'listening');
  // From here on /-/healthy answers, however long the first audit takes.
  const started = exporter.start();
  // Where that fails, `settled` tells; until somebody asks it, it is no bug that nobody heard.
  started.catch(() => undefined);
  const stop = async () => {
    exporter.stop();
    await server.close();
  };
  // Not a moment in which no audit is due: while events last, there may be none.
  const settled = async () => {
    await started;
    await server.rendered();
  };
  return { exporter, urls: server.urls, reload, stuckMs: exporter.stuckMs, settled, stop };
}
