// How much is in work at once: bounded for each connection, and in total for scrapes and for everything else, so that neither keeps
// the other out. Who holds most places gives one up to a client that holds fewer. What is too much waits for a moment, and is then answered with 503, as Prometheus' own exporters do (--web.max-requests).
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { busy } from './answer.ts';
import { claimOf, type Held } from './client.ts';
import type { Connection, Connections } from './connections.ts';

/** Whose place a request takes: a scrape's, a page's, or none, where it has a limit of its own. */
export type Lane = 'scrape' | 'page' | 'unlimited';

export interface LaneOptions {
  readonly connections: Connections;
  /** In each lane; 0 is no limit. */
  readonly maxRequests: number;
  /** What was in work for longer gives its place to a new request of who holds no more: its client does not take the answer. */
  readonly maxWorkMs: number;
  /** How long a request waits for a place. */
  readonly maxWaitMs: number;
  readonly lane: (path: string) => Lane;
  /** Milliseconds, never set back. */
  readonly now: () => number;
}

// The streams that HTTP/2 lets a client open are fewer.
const MAX_STREAMS = 32;

/** `handle`, called for at most `maxPipelined` requests of one connection at once. What comes after them ends the connection. */
export function limitedPerConnection(
  handle: RequestListener,
  connections: Connections,
  maxPipelined: number,
): RequestListener {
  return (request, response) => {
    const connection = connections.of(request.socket);
    const pipelining = request.httpVersionMajor === 1;
    // Its last answer is under way: what was sent after that is not read.
    if (connection.closing) return;
    if (connection.inWork >= (pipelining ? maxPipelined : MAX_STREAMS)) {
      connection.closing = pipelining;
      if (pipelining) response.setHeader('connection', 'close');
      return busy(response, 'Limit of requests on one connection reached.');
    }
    connection.inWork++;
    if (pipelining && connections.crowded()) response.setHeader('connection', 'close');
    whenDone(connection, response, () => {
      connection.inWork--;
      if (connection.inWork === 0) connections.idle(connection);
    });
    handle(request, response);
  };
}

interface Work extends Held {
  readonly since: number;
  readonly connection: Connection;
}

interface Places {
  /** In the order in which they came. */
  readonly work: Set<Work>;
  readonly waiting: Set<() => void>;
}

/** `handle`, called for no more requests at once than there are places in their lane. */
export function limitedPerLane(handle: RequestListener, options: LaneOptions): RequestListener {
  const { connections, maxRequests, maxWorkMs, maxWaitMs, now } = options;
  const lanes: Readonly<Record<Lane, Places>> = { scrape: places(), page: places(), unlimited: places() };

  return (request, response) => {
    const name = options.lane(request.url?.split('?', 1)[0] ?? '');
    const lane = lanes[name];
    const full = name !== 'unlimited' && maxRequests > 0 && lane.work.size >= maxRequests;
    const { client } = connections.of(request.socket);
    if (!full || evict(lane, client, now() - maxWorkMs)) begin(lane, request, response);
    else wait(lane, request, response);
  };

  function begin(lane: Places, request: IncomingMessage, response: ServerResponse): void {
    const connection = connections.of(request.socket);
    const work = { since: now(), connection, client: connection.client };
    lane.work.add(work);
    whenDone(connection, response, () => {
      if (!lane.work.delete(work)) return;
      const [next] = lane.waiting;
      next?.();
    });
    handle(request, response);
  }

  function wait(lane: Places, request: IncomingMessage, response: ServerResponse): void {
    const leave = () => {
      clearTimeout(timer);
      lane.waiting.delete(next);
    };
    const next = () => {
      leave();
      begin(lane, request, response);
    };
    const timer = setTimeout(() => {
      leave();
      busy(response, `Limit of concurrent requests reached (${maxRequests}), try again later.`);
    }, maxWaitMs);
    lane.waiting.add(next);
    whenDone(connections.of(request.socket), response, leave);
  }
}

const places = (): Places => ({ work: new Set(), waiting: new Set() });

/** Calls `done` once, when the answer was given or its connection has ended: an answer that waits for the one before it does not hear of that. */
function whenDone(connection: Connection, response: ServerResponse, done: () => void): void {
  const end = () => {
    if (connection.ended.delete(end)) done();
  };
  connection.ended.add(end);
  response.once('close', end);
}

/** Takes its place from the oldest request of a client that holds more, or from one that hangs since `before`. */
function evict({ work }: Places, newcomer: string, before: number): boolean {
  const claim = claimOf(newcomer, work);
  const hangs = (one: Work) => one.since <= before && claim.mayGiveWay(one);
  const victim = [...work].find(claim.isGreedy) ?? [...work].find(hangs);
  if (victim === undefined) return false;
  work.delete(victim);
  victim.connection.destroy();
  return true;
}
