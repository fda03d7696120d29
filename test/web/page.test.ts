import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { gunzipSync } from 'node:zlib';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, expect, test } from 'vitest';
import { addPage, type PageOptions } from '../../src/web/page.ts';
import { input, NOW } from '../report/page/fixture.ts';

let app: FastifyInstance;
afterEach(() => app.close());

/** A server on a free port whose state the test changes. */
async function start(options: PageOptions = {}) {
  const state = { input: input([{ name: 'vyos-01' }]), reads: 0, change: () => {} };
  app = Fastify({ forceCloseConnections: true });
  const source = {
    read: () => state.input,
    subscribe: (changed: () => void) => {
      state.change = changed;
      return () => {};
    },
  };
  addPage(app, source, options);
  await app.listen({ port: 0, host: '127.0.0.1' });
  return state;
}

function listen(): Promise<IncomingMessage> {
  const { port } = app.server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    get({ port, path: '/events' }, (response) => resolve(response.setEncoding('utf8'))).on('error', reject);
  });
}

/** Resolves when the stream has said `word`. */
async function until(stream: IncomingMessage, word: string): Promise<void> {
  let seen = '';
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    seen += chunk;
    if (seen.includes(word)) return;
  }
  throw new Error(`ended after ${JSON.stringify(seen)}`);
}

test('the page allows nothing but its own files', async () => {
  await start();
  const { headers, body } = await app.inject('/');
  const policy = String(headers['content-security-policy']);
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toContain('unsafe');
  expect(body).not.toMatch(/ style=| on\w+=|https?:\/\//);
  for (const [, path] of body.matchAll(/(?:src|href)="(assets\/[^"]+)"/g)) {
    const asset = await app.inject(`/${path}`);
    expect(asset.statusCode).toBe(200);
    expect(asset.body.length).toBeGreaterThan(100);
    expect(asset.headers['cache-control']).toContain('immutable');
  }
});

test('the page is compressed for who takes that', async () => {
  await start();
  const response = await app.inject({ url: '/', headers: { 'accept-encoding': 'gzip, br' } });
  expect(response.headers['content-encoding']).toBe('gzip');
  expect(gunzipSync(response.rawPayload).toString()).toBe((await app.inject('/')).body);
});

test('a change is shown, and the same page within a second is the same bytes', async () => {
  const state = await start();
  const first = (await app.inject('/')).body;
  state.input = { ...input([{ name: 'web-1' }]), now: NOW + 500 };
  expect((await app.inject('/')).body).toBe(first);
  state.change();
  expect((await app.inject('/')).body).toContain('web-1');
});

test('a search in the address filters, whatever it holds', async () => {
  await start();
  expect((await app.inject('/?q=nosuch')).body).not.toContain('scope="row"');
  expect((await app.inject('/?q=vyos&q=x&drifted=0')).body).toContain('scope="row"');
  expect((await app.inject(`/?q=${'x'.repeat(5000)}`)).statusCode).toBe(200);
});

test('the report is JSON, and 503 before there is one', async () => {
  const state = await start();
  expect((await app.inject('/api/v1/report')).json()).toMatchObject({ version: 2, summary: { compliant: 1 } });
  state.input = { ...state.input, report: undefined };
  state.change();
  expect((await app.inject('/api/v1/report')).statusCode).toBe(503);
});

const shownState = async () => / data-state="([^"]+)"/.exec((await app.inject('/')).body)?.[1];

test('a browser hears of each change by the name of the state, which the page has too', async () => {
  const state = await start();
  const stream = await listen();
  const first = await shownState();
  // After a break, a browser comes back within two seconds.
  await until(stream, `retry: 2000\n\nevent: report\ndata: ${first}\n\n`);
  // The clock stands still meanwhile.
  state.change();
  const second = await shownState();
  expect(second).not.toBe(first);
  await until(stream, `event: report\ndata: ${second}\n\n`);
  stream.destroy();
});

test('after a restart no state has the name of a former one', async () => {
  await start();
  const former = await shownState();
  await app.close();
  await start();
  expect(await shownState()).not.toBe(former);
});

test('silence is broken by pings', async () => {
  await start({ pingMs: 5 });
  const stream = await listen();
  await until(stream, 'event: ping');
  stream.destroy();
});

test('one browser too many is turned away, and a place that is left is free again', async () => {
  await start({ maxClients: 1, pingMs: 5 });
  const stream = await listen();
  expect((await app.inject('/events')).statusCode).toBe(503);
  stream.destroy();
  await expect.poll(async () => (await listen()).statusCode).toBe(200);
});

test('a place is not taken by a request behind another one, whose end Node 20 does not tell', async () => {
  await start({ maxClients: 2 });
  const { port } = app.server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  socket.write('GET /events HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(2));
  await once(socket, 'data');
  socket.destroy();
  const both = async () => {
    const streams = [await listen(), await listen()];
    for (const stream of streams) stream.destroy();
    return streams.map(({ statusCode }) => statusCode);
  };
  await expect.poll(both).toEqual([200, 200]);
});

test('open streams do not hold up closing', async () => {
  await start();
  const stream = await listen();
  await app.close();
  await until(stream, 'never').catch(() => {});
  expect(stream.readableEnded || stream.destroyed).toBe(true);
});

test('a search is rendered once per report and query, whoever asks how often', async () => {
  const state = await start();
  let rendered = 0;
  const given = state.input;
  const report = given.report;
  state.input = Object.defineProperty({ ...given }, 'report', {
    get: () => {
      rendered++;
      return report;
    },
  });
  state.change();
  await app.inject('/?q=vyos');
  const once = rendered;
  expect(once).toBeGreaterThan(0);
  const bodies = await Promise.all(Array.from({ length: 50 }, async () => (await app.inject('/?q=vyos')).body));
  expect(new Set(bodies).size).toBe(1);
  expect(rendered).toBe(once);
});

test('gzip;q=0 is no wish for gzip, on every route', async () => {
  await start();
  for (const url of ['/', '/?q=vyos', '/api/v1/report']) {
    const refused = await app.inject({ url, headers: { 'accept-encoding': 'gzip;q=0, deflate' } });
    expect([url, refused.headers['content-encoding'], refused.headers.vary]).toEqual([
      url,
      undefined,
      'accept-encoding',
    ]);
    const taken = await app.inject({ url, headers: { 'accept-encoding': 'gzip' } });
    expect(gunzipSync(taken.rawPayload).toString()).toBe(refused.body);
  }
});
