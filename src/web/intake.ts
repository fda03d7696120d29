// How much is in work at once: bounded for each connection, and in total for scrapes and for everything else, so that neither keeps
// the other out. What is too much is answered with 503, as Prometheus' own exporters do (--web.max-requests).
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Connection, Connections } from './connections.ts';

/** Whose place a request takes: a scrape's, a page's, or none, where it has a limit of its own. */
export type Lane = 'scrape' | 'page' | 'unlimited';

export interface IntakeOptions {
  readonly connections: Connections;
  /** In each lane; 0 is no limit. */
  readonly maxRequests: number;
  /** On one connection. */
  readonly maxPipelined: number;
  /** What was in work for longer gives its place to a new request: its client does not take the answer. */
  readonly maxWorkMs: number;
  readonly lane: (path: string) => Lane;
  /** Milliseconds, never set back. */
  readonly now: () => number;
}

interface Work {
  readonly since: number;
  readonly connection: Connection;
}

/** `handle`, called for no more requests at once than the limits say. */
export function limited(handle: RequestListener, options: IntakeOptions): RequestListener {
  const { connections, maxRequests, maxPipelined, maxWorkMs, now } = options;
  // In the order in which they came.
  const lanes: Readonly<Record<Lane, Set<Work>>> = { scrape: new Set(), page: new Set(), unlimited: new Set() };

  return (request, response) => {
    const connection = connections.of(request.socket);
    // Its last answer is under way: what was sent after that is not read.
    if (connection.closing) return;
    if (connection.inWork >= maxPipelined) {
      connection.closing = true;
      if (request.httpVersionMajor === 1) response.setHeader('connection', 'close');
      return busy(response, `Limit of requests on one connection reached (${maxPipelined}).`);
    }
    const name = options.lane(request.url?.split('?', 1)[0] ?? '');
    const lane = lanes[name];
    if (name !== 'unlimited' && maxRequests > 0 && lane.size >= maxRequests && !evict(lane, now() - maxWorkMs)) {
      return busy(response, `Limit of concurrent requests reached (${maxRequests}), try again later.`);
    }
    begin(connection, lane, request, response);
    handle(request, response);
  };

  function begin(connection: Connection, lane: Set<Work>, request: IncomingMessage, response: ServerResponse): void {
    const work = { since: now(), connection };
    lane.add(work);
    connection.inWork++;
    if (request.httpVersionMajor === 1 && connections.crowded()) response.setHeader('connection', 'close');
    // An answer that waits for the one before it hears nothing of its connection's end.
    const end = () => {
      if (!lane.delete(work)) return;
      connection.ended.delete(end);
      connection.inWork--;
      if (connection.inWork === 0) connections.idle(connection);
    };
    response.once('close', end);
    connection.ended.add(end);
  }
}

function evict(lane: Set<Work>, before: number): boolean {
  const [oldest] = lane;
  if (oldest === undefined || oldest.since > before) return false;
  lane.delete(oldest);
  oldest.connection.destroy();
  return true;
}

function busy(response: ServerResponse, line: string): void {
  response.writeHead(503, {
    'content-type': 'text/plain; charset=utf-8',
    'retry-after': '1',
    'cache-control': 'no-store',
  });
  response.end(`${line}\n`);
}
