// Who is connected, on all addresses together, and how much each connection has in work. When there are too many connections, the
// one that was idle for longest gives way, so that no crowd of idle clients keeps a scrape out.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerResponse } from 'node:http2';
import type { Socket } from 'node:net';

export interface Connection {
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
  /** Takes a new connection, or ends it where all that are there have requests in work. */
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
      if (open.size >= max && !closeIdlest(open)) {
        socket.destroy();
        return false;
      }
      const key = keyOf(socket);
      const connection = track(socket);
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
  return { inWork: 0, closing: false, ended, destroy: () => socket.destroy() };
}

function closeIdlest(open: Map<unknown, Connection>): boolean {
  for (const [key, connection] of open) {
    if (connection.inWork > 0) continue;
    open.delete(key);
    connection.destroy();
    return true;
  }
  return false;
}

// TLS and HTTP/2 show a socket of their own, with the addresses of the one below. Sockets of AF_UNIX have none, and are their own key.
function keyOf(socket: Socket): unknown {
  const { remotePort, remoteAddress, localPort, localAddress } = socket;
  return remotePort === undefined ? socket : `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
