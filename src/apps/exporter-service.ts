// The exporter with its server: what `serve` runs on this machine and `demo` on the simulated one.
import type { Settings } from '../config/settings.ts';
import { createExporter, type Exporter } from '../exporter/exporter.ts';
import type { Host } from '../host/host.ts';
import type { HookSource } from '../host/linux/journal.ts';
import type { Log } from '../model/log.ts';
import type { Address } from '../web/listen.ts';
import { addPage } from '../web/page.ts';
import { createPageSource } from '../web/page-source.ts';
import { startServer } from '../web/server.ts';
import { noWebSettings, type WebSettings } from '../web/settings.ts';

export interface ServiceOptions {
  readonly host: Host;
  /** Reads the config. Throws ConfigError where it is bad. */
  readonly load: () => Settings;
  readonly log: Log;
  /** The host's journal where it is left out. */
  readonly hook?: HookSource;
  readonly addresses: readonly Address[];
  /** The web config in force; plain HTTP for everybody where it is left out. */
  readonly web?: WebSettings;
  readonly telemetryPath: string;
  /** Requests in work at once, see `Limits`. */
  readonly maxRequests: number;
  readonly lifecycle: boolean;
  readonly hostname: string;
  /** One sentence to stand above the status page, as that this host is a simulated one. */
  readonly notice?: string;
}

export interface Service {
  readonly exporter: Exporter;
  readonly urls: readonly string[];
  /** Reads the config again; returns the problem where it was refused. */
  reload(): string | undefined;
  /** Resolves when no audit is under way or due, and /metrics shows the last one. */
  settled(): Promise<void>;
  /** Ends all connections and processes. */
  stop(): Promise<void>;
}

/** Throws ConfigError or ListenError; then nothing is left running. */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { host, load, log, hook, addresses, telemetryPath, maxRequests, lifecycle } = options;
  const settings = options.web ?? noWebSettings();
  const exporter = createExporter({ host, load, log, ...(hook ? { hook } : {}) });
  const { reload } = exporter;
  try {
    const page = createPageSource(exporter, {
      hostname: options.hostname,
      notice: options.notice,
      metricsPath: telemetryPath,
      now: host.now,
    });
    const server = await startServer({
      exporter,
      log,
      addresses,
      settings,
      telemetryPath,
      maxRequests,
      lifecycle,
      reload,
      addPage: (app) => addPage(app, page, { headers: () => settings.current().config.headers }),
    });
    log.info({ urls: server.urls.map((url) => url.replace(/\/$/, '')) }, 'listening');
    // From here on /-/healthy answers, however long the first audit takes.
    void exporter.start();
    const stop = async () => {
      exporter.stop();
      await server.close();
    };
    const settled = async () => {
      await exporter.idle();
      await server.rendered();
    };
    return { exporter, urls: server.urls, reload, settled, stop };
  } catch (error) {
    exporter.stop();
    throw error;
  }
}
