// Where to listen: addresses as Prometheus' exporters take them (`:19177`, `127.0.0.1:19177`, `[::1]:19177`, `host.example:19177`),
// `unix:/path`, and the sockets that systemd hands over.
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { files } from '../host/linux/files.ts';
import { OperatorError } from '../model/mistake.ts';
import { readingOf } from '../model/snapshot.ts';

export interface TcpAddress {
  /** undefined: all addresses of the machine. */
  readonly host: string | undefined;
  readonly port: number;
}

export type Address = TcpAddress | { readonly path: string } | { readonly fd: number };

/** What the operator named and cannot be used: a message is enough, a stack says nothing. */
export class ListenError extends OperatorError {
  override readonly name = 'ListenError';
}

// sockaddr_un: 108 bytes, the last of them 0.
const MAX_PATH = 107;

/** Throws ListenError. */
export function parseAddress(text: string): Address {
  return text.startsWith('unix:') ? unixAddress(text) : parseTcpAddress(text);
}

/** Throws ListenError. */
export function parseTcpAddress(text: string): TcpAddress {
  const match = /^(?:\[(?<v6>[^\]]+)\]|(?<name>[^:[\]]*)):(?<port>\d{1,5})$/.exec(text);
  const port = Number(match?.groups?.port ?? Number.NaN);
  if (!(port <= 65535)) {
    throw new ListenError(
      `listen address "${text}": expected HOST:PORT, [IPV6]:PORT or :PORT with a port from 0 to 65535, or unix:/PATH`,
    );
  }
  return { host: match?.groups?.v6 ?? (match?.groups?.name || undefined), port };
}

function unixAddress(text: string): Address {
  const path = text.slice('unix:'.length);
  if (path.startsWith('/') && Buffer.byteLength(path) <= MAX_PATH) return { path };
  throw new ListenError(`listen address "${text}": expected unix: and an absolute path of at most ${MAX_PATH} bytes`);
}

/** The sockets that systemd handed over. Throws ListenError where there are none. */
export function systemdAddresses(fds: readonly number[]): readonly Address[] {
  if (fds.length === 0) {
    throw new ListenError(
      '--web.systemd-socket: systemd handed over no socket; start the service by its .socket unit, as "systemctl start libvirt-vlan-exporter.socket"',
    );
  }
  return fds.map((fd) => ({ fd }));
}

export interface Listening {
  /** As bound, with the port that the system chose for port 0. `scheme` is http or https. */
  urls(scheme: string): readonly string[];
  /** Takes no new connection; resolves when all have ended. */
  close(): Promise<void>;
}

/** Listens on all addresses, or on none: then it throws ListenError. Each connection is given to `accept`. */
export async function listen(addresses: readonly Address[], accept: (socket: Socket) => void): Promise<Listening> {
  const servers: Server[] = [];
  const close = async () => void (await Promise.all(servers.map(closeServer)));
  try {
    for (const address of addresses) servers.push(await listenOn(address, accept));
  } catch (error) {
    await close();
    throw error;
  }
  return { urls: (scheme) => servers.map((server) => urlOf(server, scheme)), close };
}

async function listenOn(address: Address, accept: (socket: Socket) => void): Promise<Server> {
  // As node's own server for HTTP has it.
  const server = createServer({ allowHalfOpen: true, noDelay: true }, accept);
  server.listen({ ...address, host: 'host' in address ? address.host : undefined } as never);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw listenError(error, address);
  }
  return server;
}

/** Why it cannot be listened there. `option`: by which another address is chosen. */
export function listenError(error: unknown, address: Address, option = '--web.listen-address'): ListenError {
  return new ListenError(explain(error as NodeJS.ErrnoException, address, option), { cause: error });
}

const closeServer = (server: Server) => new Promise<void>((resolve) => server.close(() => resolve()));

function urlOf(server: Server, scheme: string): string {
  const bound = server.address() as AddressInfo | string | null;
  if (bound === null || typeof bound === 'string') return `unix:${bound ?? ''}`;
  const { address, port, family } = bound;
  const anywhere = address === '::' || address === '0.0.0.0';
  return `${scheme}://${anywhere ? 'localhost' : family === 'IPv6' ? `[${address}]` : address}:${port}/`;
}

function explain(error: NodeJS.ErrnoException, address: Address, option: string): string {
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE:
      'path' in address
        ? 'another program listens there, or one that has died left its file: delete it'
        : `another program listens there; choose another with ${option}`,
    EACCES:
      'path' in address ? withoutPermission(address.path) : 'no permission; ports below 1024 need CAP_NET_BIND_SERVICE',
    EROFS: 'nothing may be written there; under the shipped unit let systemd listen, with --web.systemd-socket',
    EADDRNOTAVAIL: 'this machine has no such address',
    ENOTFOUND: 'no such host name',
    EAI_AGAIN: 'the host name cannot be resolved now',
    EINVAL: 'expected a socket that can be listened on',
  };
  return `cannot listen on ${describe(address)}: ${reasons[error.code ?? ''] ?? error.message}`;
}

// libuv tells EACCES where bind(2) of a Unix socket says ENOENT.
function withoutPermission(path: string): string {
  const folder = dirname(path);
  const there = readingOf(() => files.stat(folder));
  return there.ok && there.value === undefined ? `there is no folder ${folder}; make it first` : 'no permission';
}

function describe(address: Address): string {
  if ('path' in address) return `unix:${address.path}`;
  if ('fd' in address) return `descriptor ${address.fd} of systemd`;
  const { host, port } = address;
  return `${host?.includes(':') ? `[${host}]` : (host ?? '')}:${port}`;
}
