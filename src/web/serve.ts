// From a connection to a handler, each step with its own file:
//   listen ─► connections ─► front (TLS, HTTP) ─► intake, per connection ─► door (rate limit, password) ─► intake, per lane ─► handle
import type { RequestListener } from 'node:http';
import { type Log, SILENT } from '../model/log.ts';
import { createBcrypt } from './bcrypt.ts';
import { createConnections } from './connections.ts';
import { guarded } from './door.ts';
import { createFront } from './front.ts';
import { type LaneOptions, limitedPerConnection, limitedPerLane } from './intake.ts';
import { type Address, listen } from './listen.ts';
import { createPasswords } from './passwords.ts';
import { noWebSettings, type WebSettings } from './settings.ts';

/** What clients may take of the server, on all addresses together, and what they need. */
export interface ServeOptions extends Omit<LaneOptions, 'connections'> {
  readonly settings: WebSettings;
  readonly log: Log;
  readonly maxConnections: number;
  /** Requests in work on one connection of HTTP/1. */
  readonly maxPipelined: number;
}

const PRESETS: Omit<ServeOptions, 'settings'> = {
  log: SILENT,
  maxConnections: 512,
  maxRequests: 40,
  // No scraper and no browser sends a second request before it has its answer.
  maxPipelined: 2,
  maxWorkMs: 2000,
  maxWaitMs: 1000,
  lane: () => 'scrape',
  now: () => performance.now(),
};

export interface Serving {
  /** As bound, with the port that the system chose for port 0. `http://host:port/`, `https://host:port/`, `unix:/path`. */
  readonly urls: readonly string[];
  /** Ends every connection, whatever it waits for. */
  close(): Promise<void>;
}

/** Serves on all addresses, or on none: then it throws ListenError. */
export async function serve(
  addresses: readonly Address[],
  handle: RequestListener,
  options: Partial<ServeOptions> = {},
): Promise<Serving> {
  const { settings, log, maxConnections, maxPipelined, ...rest } = {
    settings: noWebSettings(),
    ...PRESETS,
    ...options,
  };
  const connections = createConnections(maxConnections);
  const bcrypt = createBcrypt();
  const inLanes = limitedPerLane(handle, { ...rest, connections });
  const letIn = guarded(inLanes, settings, createPasswords(bcrypt.compare), rest.now);
  const served = limitedPerConnection(letIn, connections, maxPipelined);

  let web = settings.current();
  let front = createFront(web, served, settings, log);
  const listening = await listen(addresses, (socket) => {
    if (!connections.admit(socket)) return;
    const now = settings.current();
    if (now !== web) {
      front.retire();
      web = now;
      front = createFront(web, served, settings, log);
    }
    front.accept(socket);
  });
  return {
    urls: listening.urls(web.tls ? 'https' : 'http'),
    close: async () => {
      const closed = listening.close();
      connections.destroyAll();
      await Promise.all([closed, bcrypt.stop()]);
    },
  };
}
