// Places and who waits for them, without sockets: requests that never come by a real connection.
import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Connection, Connections } from '../../src/web/connections.ts';
import { type LaneOptions, limitedPerConnection, limitedPerLane } from '../../src/web/intake.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A connection of `client`, by which requests come that are called by their path. */
function connection(client: string) {
  const connection: Connection = { client, inWork: 0, closing: false, ended: new Set(), destroy: vi.fn() };
  const socket = { destroyed: false, connection };
  const ask = (url: string, httpVersionMajor = 1) => {
    const headers = new Map<string, unknown>();
    const response = Object.assign(new EventEmitter(), {
      destroyed: false,
      statusCode: 200,
      headers,
      setHeader: (name: string, value: unknown) => headers.set(name, value),
      writeHead: (status: number) => Object.assign(response, { statusCode: status }),
      end: () => response.emit('close'),
    });
    const request = { url, httpVersionMajor, socket, resume: () => {} };
    return { request: request as unknown as IncomingMessage, response: response as unknown as ServerResponse, headers };
  };
  const end = () => {
    socket.destroyed = true;
    for (const tell of connection.ended) tell();
  };
  return { connection, ask, end };
}

const idle = vi.fn();
const connections = {
  of: (socket: unknown) => (socket as { connection: Connection }).connection,
  idle,
  crowded: () => false,
} as unknown as Connections;

/** What was begun, in order, and the answers to give. */
function lanes(more: Partial<LaneOptions> = {}) {
  const begun: string[] = [];
  const options: LaneOptions = {
    connections,
    maxRequests: 1,
    maxWorkMs: 60_000,
    maxWaitMs: 1000,
    lane: (path) => (path === '/events' ? 'unlimited' : 'page'),
    now: () => Date.now(),
    ...more,
  };
  const handle = limitedPerLane((request) => void begun.push(request.url ?? ''), options);
  const ask = (from: ReturnType<typeof connection>, url: string) => {
    const { request, response } = from.ask(url);
    handle(request, response);
    return response;
  };
  return { begun, ask };
}

it('who waits for a place gets it in the order in which they came, and 503 where it takes too long', () => {
  const { begun, ask } = lanes();
  const first = ask(connection('a'), '/1');
  const second = ask(connection('b'), '/2');
  const third = ask(connection('c'), '/3');
  expect(begun).toEqual(['/1']);
  vi.advanceTimersByTime(999);
  first.end();
  expect(begun).toEqual(['/1', '/2']);
  vi.advanceTimersByTime(1);
  expect(third.statusCode).toBe(503);
  second.end();
  expect([begun, second.statusCode]).toEqual([['/1', '/2'], 200]);
});

it('who waits and goes away takes no place, and is not answered', () => {
  const { begun, ask } = lanes();
  const first = ask(connection('a'), '/1');
  const leaving = connection('b');
  const gone = ask(leaving, '/2');
  ask(connection('c'), '/3');
  leaving.end();
  first.end();
  expect(begun).toEqual(['/1', '/3']);
  vi.advanceTimersByTime(5000);
  expect(gone.statusCode).toBe(200);
});

it('a stream takes no place, and nobody waits for one', () => {
  const { begun, ask } = lanes();
  const one = connection('a');
  for (const url of ['/events', '/events?a', '/1', '/events']) ask(one, url);
  expect(begun).toEqual(['/events', '/events?a', '/1', '/events']);
});

it('on one connection of HTTP/1 so many are in work, of HTTP/2 32; it is idle after the last answer', () => {
  const count = (httpVersionMajor: number) => {
    idle.mockClear();
    const one = connection('a');
    const begun: ServerResponse[] = [];
    const handle = limitedPerConnection((_request, response) => void begun.push(response), connections, 4);
    const answers = Array.from({ length: 40 }, () => {
      const { request, response, headers } = one.ask('/', httpVersionMajor);
      handle(request, response);
      return `${response.statusCode} ${headers.get('connection')}`;
    });
    for (const [i, response] of begun.entries()) {
      expect(idle).not.toHaveBeenCalled();
      response.end();
      expect(one.connection.inWork).toBe(begun.length - i - 1);
    }
    expect(idle.mock.calls).toEqual([[one.connection]]);
    return [begun.length, one.connection.closing, answers.filter((answer) => answer.startsWith('503'))];
  };
  expect(count(1)).toEqual([4, true, ['503 close']]);
  expect(count(2)).toEqual([32, false, Array(8).fill('503 undefined')]);
});
