// Where to listen: addresses as Prometheus' exporters take them, `:19177`, `127.0.0.1:19177`, `[::1]:19177`, `host.example:19177`.
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OperatorError } from '../model/mistake.ts';
import { type Connections, createConnections } from './connections.ts';
import { type Lane, limited } from './intake.ts';

export interface Address {
  /** undefined: all addresses of the machine. */
  readonly host: string | undefined;
  readonly port: number;
}

/** What the operator named and cannot be used: a message is enough, a stack says nothing. */
export class ListenError extends OperatorError {
  override readonly name = 'ListenError';
}

/** Throws ListenError. */
export function parseAddress(text: string): Address {
  const match = /^(?:\[(?<v6>[^\]]+)\]|(?<name>[^:[\]]*)):(?<port>\d{1,5})$/.exec(text);
  const port = Number(match?.groups?.port ?? Number.NaN);
  if (!(port <= 65535)) {
    throw new ListenError(
      `listen address "${text}": expected HOST:PORT, [IPV6]:PORT or :PORT with a port from 0 to 65535`,
    );
  }
  return { host: match?.groups?.v6 ?? (match?.groups?.name || undefined), port };
}

// A scraper sends one small request at a time; Prometheus keeps its connection between scrapes.
const TIMES = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  keepAliveTimeout: 120_000,
  connectionsCheckingInterval: 5_000,
} as const;

/** What clients may take of the server, on all addresses together. */
export interface Limits {
  readonly maxConnections: number;
  /** Requests in work: so many scrapes, and so many of everything else; 0 is no limit. */
  readonly maxRequests: number;
  /** Requests in work on one connection. */
  readonly maxPipelined: number;
  /** How long a request keeps its place where others wait for one. */
  readonly maxWorkMs: number;
  readonly lane: (path: string) => Lane;
  /** Milliseconds, never set back. */
  readonly now: () => number;
}

export const LIMITS: Limits = {
  maxConnections: 512,
  maxRequests: 40,
  // No scraper and no browser sends a second request before it has its answer.
  maxPipelined: 2,
  maxWorkMs: 2000,
  lane: () => 'scrape',
  now: () => performance.now(),
};
// For a client that does not take what it asked for. Idle keep-alive connections have their own limit.
const STALLED_MS = 60_000;

export interface Listening {
  /** As bound, with the port that the system chose for port 0. `http://host:port/`. */
  readonly urls: readonly string[];
  /** Ends every connection, whatever it waits for. */
  close(): Promise<void>;
}

/** Listens on all addresses, or on none: then it throws ListenError. */
export async function listen(
  addresses: readonly Address[],
  handler: RequestListener,
  limits: Partial<Limits> = {},
): Promise<Listening> {
  const { maxConnections, ...rest } = { ...LIMITS, ...limits };
  const connections = createConnections(maxConnections);
  const handle = limited(handler, { ...rest, connections });
  const servers: Server[] = [];
  const close = async () => void (await Promise.all(servers.map(closeServer)));
  try {
    for (const address of addresses) servers.push(await listenOn(address, handle, connections));
  } catch (error) {
    await close();
    throw error;
  }
  return { urls: servers.map(urlOf), close };
}

function listenOn({ host, port }: Address, handler: RequestListener, connections: Connections): Promise<Server> {
  const server = createServer(TIMES, handler);
  server.prependListener('connection', connections.admit);
  server.timeout = STALLED_MS;
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(new ListenError(explain(error, host, port), { cause: error })),
    );
    server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
      server.removeAllListeners('error');
      resolve(server);
    });
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function urlOf(server: Server): string {
  const { address, port, family } = server.address() as AddressInfo;
  const anywhere = address === '::' || address === '0.0.0.0';
  return `http://${anywhere ? 'localhost' : family === 'IPv6' ? `[${address}]` : address}:${port}/`;
}

function explain(error: NodeJS.ErrnoException, host: string | undefined, port: number): string {
  const where = `${host?.includes(':') ? `[${host}]` : (host ?? '')}:${port}`;
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: 'another program listens there; choose another with --web.listen-address',
    EACCES: 'no permission; ports below 1024 need CAP_NET_BIND_SERVICE',
    EADDRNOTAVAIL: 'this machine has no such address',
    ENOTFOUND: 'no such host name',
    EAI_AGAIN: 'the host name cannot be resolved now',
  };
  return `cannot listen on ${where}: ${reasons[error.code ?? ''] ?? error.message}`;
}
