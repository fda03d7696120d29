// What speaks HTTP on connections that somebody else accepts: plainly, or by TLS with HTTP/1.1 and HTTP/2. It is made anew when the
// web config changes; who is connected to the former one is asked to come again with the next answer, so that no request is lost.
import { createServer, type RequestListener, type Server } from 'node:http';
import {
  constants,
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Log } from '../model/log.ts';
import type { Tls, Web } from './config/load-web-config.ts';
import { isLetIn, peerOptions } from './peer.ts';
import type { WebSettings } from './settings.ts';

// A scraper sends one small request at a time; Prometheus keeps its connection between scrapes.
const TIMES = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  keepAliveTimeout: 120_000,
  connectionsCheckingInterval: 5_000,
} as const;
const HANDSHAKE_MS = 10_000;
// For a client that does not take what it asked for. Idle keep-alive connections have their own limit.
const STALLED_MS = 60_000;
// A browser that leaves a page resets what it has asked for. Who does so all the time has everything made for nothing (CVE-2023-44487);
// nghttp2 allows a thousand at once, and Node 20 cannot tell it otherwise.
const MAX_RESETS = 20;
// A page has eight parts. nghttp2 ends connections that ping, reset or change settings without end by itself.
const HTTP2 = {
  settings: { maxConcurrentStreams: 16, enablePush: false, maxHeaderListSize: 16 * 1024 },
  maxSessionMemory: 1,
  maxSessionInvalidFrames: 100,
  maxSessionRejectedStreams: 100,
  maxSettings: 16,
  streamResetBurst: MAX_RESETS,
  streamResetRate: 1,
  unknownProtocolTimeout: HANDSHAKE_MS,
} as const;

// Frames that ask for nothing, as for a stream that is over: nghttp2 takes them without a word. A scraper and a page send some hundred bytes a second.
const MAX_UNASKED_BYTES_A_SECOND = 16 * 1024;

export interface Front {
  /** Serves a connection. */
  accept(socket: Socket): void;
  /** Another takes its place: it ends when whoever is connected had time to come again. */
  retire(): void;
}

/** Speaks as `web` has it, for as long as that is in force by `settings`. */
export function createFront(web: Web, handle: RequestListener, settings: WebSettings, log: Log): Front {
  const { tls, config } = web;
  const listener: RequestListener = (request, response) => {
    // Asked at each request: who holds a connection would be served for ever where nobody else connects.
    if (settings.current() !== web) {
      const { stream } = request as unknown as Http2ServerRequest;
      if (request.httpVersionMajor === 1) response.setHeader('connection', 'close');
      else stream.session?.close();
    }
    handle(request, response);
  };
  const server = tls ? secure(tls, config.http2, listener, log) : createServer(TIMES, listener);
  server.timeout = STALLED_MS;
  // Slow clients are looked for from this event on; it would come from listen().
  server.emit('listening');
  return {
    accept: (socket) => {
      // As node has it: TLS ends with its socket, HTTP sends its answer all the same.
      socket.allowHalfOpen = tls === undefined;
      server.emit('connection', socket);
    },
    retire: () => void setTimeout(() => server.close(), 2 * TIMES.keepAliveTimeout).unref(),
  };
}

function secure(tls: Tls, http2: boolean, listener: RequestListener, log: Log) {
  const options = { ...TIMES, ...tls.context, ...peerOptions(tls), handshakeTimeout: HANDSHAKE_MS };
  const server: Server | Http2SecureServer = http2
    ? createSecureServer({ ...options, ...HTTP2, allowHTTP1: true }, listener as never)
    : createHttpsServer({ ...options, ALPNProtocols: ['http/1.1'] }, listener);
  const [serve] = server.listeners('secureConnection');
  server.removeAllListeners('secureConnection');
  server.on('secureConnection', (socket: TLSSocket) => {
    if (mayComeIn(socket, tls, log)) serve?.call(server, socket);
    else socket.destroy();
  });
  server.on('session', endAfterResets);
  server.on('session', endFloods);
  // A client that breaks off, or speaks something else, is no event of ours.
  server.on('sessionError', () => undefined);
  return server as Server;
}

// What a stranger's certificate holds must not end the program, whatever it is.
function mayComeIn(socket: TLSSocket, tls: Tls, log: Log): boolean {
  try {
    return isLetIn(socket, tls);
  } catch (error) {
    const problem = (error as Error).message;
    log.warn({ address: socket.remoteAddress, problem }, 'client certificate cannot be judged, not let in');
    return false;
  }
}

/** Ends a session that sends more in a second than anybody needs who asks for nothing in it. */
function endFloods(session: ServerHttp2Session): void {
  let seen = 0;
  let asks = true;
  session.on('stream', () => {
    asks = true;
  });
  const timer = setInterval(() => {
    // Its socket is out of reach then.
    if (session.destroyed) return;
    const { bytesRead } = session.socket;
    if (!asks && bytesRead - seen > MAX_UNASKED_BYTES_A_SECOND) session.destroy();
    [seen, asks] = [bytesRead, false];
  }, 1000).unref();
  session.once('close', () => clearInterval(timer));
}

function endAfterResets(session: ServerHttp2Session): void {
  let resets = 0;
  session.on('stream', (stream: ServerHttp2Stream) => {
    stream.once('close', () => {
      if (stream.rstCode !== constants.NGHTTP2_NO_ERROR && ++resets > MAX_RESETS) session.destroy();
    });
  });
}
