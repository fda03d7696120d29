// Who is connected, on all addresses together, and how much each connection has in work. When there are too many connections, the
// one that was idle for longest gives way, so that no crowd of idle clients keeps a scrape out; where none is idle, one of the client
// that has most of them.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerResponse } from 'node:http2';
import type { Socket } from 'node:net';
import { claimOf, clientOf, type Held } from './client.ts';

export interface Connection extends Held {
  /** Requests that are not answered yet. */
  inWork: number;
  /** It takes no further request. */
  closing: boolean;
  /** Called when it ends, with requests in work. */
  readonly ended: Set<() => void>;
  /** Ends it at once. */
  destroy(): void;
}

export interface Connections {
  /** Takes a new connection, or ends it where none of those that are there has to give way to it. */
  admit(socket: Socket): boolean;
  /** The connection that a request came by; `socket` is what was admitted, or what TLS or HTTP/2 made of it. */
  of(socket: Socket): Connection;
  /** To be called when the last request of a connection was answered: from now on it is idle. */
  idle(connection: Connection): void;
  /** Ends all of them at once. */
  destroyAll(): void;
  /** Whether most of the places are taken. */
  crowded(): boolean;
}

export function createConnections(max: number): Connections {
  // In the order in which they became idle: a Map keeps the order of insertion.
  const open = new Map<unknown, Connection>();
  const keys = new WeakMap<Connection, unknown>();
  const overUnix = new WeakMap<Socket, Connection>();

  return {
    admit(socket) {
      const connection = track(socket);
      if (open.size >= max && !makeRoom(open, connection.client)) {
        socket.destroy();
        return false;
      }
      const key = keyOf(socket);
      keys.set(connection, key);
      open.set(key, connection);
      // Where it gave way, another may have its addresses by now.
      socket.once('close', () => void (open.get(key) === connection && open.delete(key)));
      return true;
    },
    of(socket) {
      const known = open.get(keyOf(socket)) ?? overUnix.get(socket);
      if (known) return known;
      // TLS on a socket of AF_UNIX, or a connection that is no more.
      const connection = track(socket);
      overUnix.set(socket, connection);
      return connection;
    },
    idle(connection) {
      const key = keys.get(connection);
      if (open.get(key) !== connection) return;
      open.delete(key);
      open.set(key, connection);
    },
    destroyAll: () => {
      for (const connection of open.values()) connection.destroy();
    },
    crowded: () => open.size > max / 2,
  };
}

/**
 * Whether nobody waits for the answer any more. An answer of HTTP/2 has no `destroyed`, its stream has; one of HTTP/1 whose turn has not
 * come yet does not hear that its connection ended.
 */
export function hasGone(request: IncomingMessage, response: ServerResponse | Http2ServerResponse): boolean {
  const ended = 'stream' in response ? response.stream.destroyed : response.destroyed;
  return ended || request.socket.destroyed;
}

function track(socket: Socket): Connection {
  const ended = new Set<() => void>();
  socket.once('close', () => {
    for (const tell of ended) tell();
  });
  const client = clientOf(socket.remoteAddress);
  return { client, inWork: 0, closing: false, ended, destroy: () => socket.destroy() };
}

function makeRoom(open: Map<unknown, Connection>, newcomer: string): boolean {
  const claim = claimOf(newcomer, open.values());
  const isIdle = (connection: Connection) => connection.inWork === 0 && claim.mayGiveWay(connection);
  const victim =
    [...open].find(([, connection]) => isIdle(connection)) ??
    [...open].find(([, connection]) => claim.isGreedy(connection));
  if (victim === undefined) return false;
  const [key, connection] = victim;
  open.delete(key);
  connection.destroy();
  return true;
}

// TLS and HTTP/2 show a socket of their own, with the addresses of the one below. Sockets of AF_UNIX have none, and are their own key.
function keyOf(socket: Socket): unknown {
  const { remotePort, remoteAddress, localPort, localAddress } = socket;
  return remotePort === undefined ? socket : `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
