// What one client, or a crowd of them, can take of the server: real sockets.
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { type ServeOptions, serve } from '../../src/web/serve.ts';

const HOST = { host: '127.0.0.1', port: 0 };

/** A server whose answers are held until `release`. */
async function held(limits: Partial<ServeOptions> = {}) {
  const waiting: (() => void)[] = [];
  let inWork = 0;
  let most = 0;
  let open = false;
  const listening = await serve(
    [HOST],
    (_request, response) => {
      if (open) return void response.end('done');
      inWork++;
      most = Math.max(most, inWork);
      waiting.push(() => {
        inWork--;
        response.end('done');
      });
    },
    { maxWaitMs: 1, ...limits },
  );
  onTestFinished(() => listening.close());
  const release = () => {
    for (const answer of waiting.splice(0)) answer();
  };
  const free = () => {
    open = true;
  };
  return { free, url: listening.urls[0] ?? '', release, most: () => most, waiting };
}

function connected(url: string, localAddress = '127.0.0.1'): Promise<Socket & { text(): string; gone: Promise<void> }> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    let text = '';
    const to = { port: Number(port), host: hostname, localAddress };
    const socket = connect(to, () => resolve(Object.assign(socket, { text: () => text, gone })));
    const gone = new Promise<void>((done) => socket.once('close', () => done()));
    socket
      .on('data', (chunk) => (text += chunk))
      .on('error', () => undefined)
      .once('error', reject);
    onTestFinished(() => void socket.destroy());
  });
}

function status(url: string, path = '/', localAddress = '127.0.0.1'): Promise<number> {
  return new Promise((resolve, reject) => {
    request(new URL(path, url), { agent: false, localAddress }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode ?? 0));
    })
      .on('error', reject)
      .end();
  });
}

const OTHER = '127.0.0.2';
const THIRD = '127.0.0.3';
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

/** So many connections from there, each with a request in work, in this order. */
async function working(server: Awaited<ReturnType<typeof held>>, count: number, localAddress: string) {
  const sockets: Awaited<ReturnType<typeof connected>>[] = [];
  const before = server.waiting.length;
  for (let i = 1; i <= count; i++) {
    const socket = await connected(server.url, localAddress);
    socket.write(GET);
    await expect.poll(() => server.waiting.length).toBe(before + i);
    sockets.push(socket);
  }
  return sockets;
}

it('of many pipelined requests a few are in work, and the connection ends after them', async () => {
  const { url, release, most, waiting } = await held({ maxPipelined: 4 });
  const client = await connected(url);
  client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(200));
  await expect.poll(() => waiting.length).toBe(4);
  release();
  await client.gone;
  expect(most()).toBe(4);
  expect(client.text().match(/HTTP\/1\.1 200/g)?.length).toBe(4);
  expect(client.text().match(/HTTP\/1\.1 503/g)?.length).toBe(1);
});

it('beyond the limit of requests in work the answer is 503, and scrapes have places of their own', async () => {
  const { url, release, waiting } = await held({
    maxRequests: 2,
    lane: (path) => (path === '/metrics' ? 'scrape' : 'page'),
  });
  const first = [status(url, '/?q=a'), status(url, '/?q=b')];
  await expect.poll(() => waiting.length).toBe(2);
  expect(await status(url, '/?q=c')).toBe(503);
  const scrape = status(url, '/metrics');
  await expect.poll(() => waiting.length).toBe(3);
  release();
  expect(await Promise.all([...first, scrape])).toEqual([200, 200, 200]);
  const again = status(url);
  await expect.poll(() => waiting.length).toBe(1);
  release();
  expect(await again).toBe(200);
});

it('a request that hangs for long gives its place away when all are taken', async () => {
  let now = 0;
  const { url, waiting, release } = await held({ maxRequests: 1, maxWorkMs: 2000, now: () => now });
  const stuck = await connected(url);
  stuck.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await expect.poll(() => waiting.length).toBe(1);
  now = 1999;
  expect(await status(url)).toBe(503);
  now = 2001;
  const next = status(url);
  await stuck.gone;
  await expect.poll(() => waiting.length).toBe(2);
  release();
  expect(await next).toBe(200);
});

it('a limit of 0 is none', async () => {
  const { url, release, waiting } = await held({ maxRequests: 0 });
  const many = Array.from({ length: 100 }, () => status(url));
  await expect.poll(() => waiting.length).toBe(100);
  release();
  expect(new Set(await Promise.all(many))).toEqual(new Set([200]));
});

it('a crowd of idle connections keeps nobody out: the idlest is closed', async () => {
  const { url, release, waiting } = await held({ maxConnections: 8 });
  const crowd: Awaited<ReturnType<typeof connected>>[] = [];
  for (let i = 0; i < 8; i++) crowd.push(await connected(url));
  const busy = crowd[0];
  busy?.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await expect.poll(() => waiting.length).toBe(1);
  const scrape = status(url);
  await crowd[1]?.gone;
  await expect.poll(() => waiting.length).toBe(2);
  release();
  expect(await scrape).toBe(200);
  await expect.poll(() => busy?.text()).toContain('done');
});

it('a connection that was used later than another is not the idlest', async () => {
  const { url, free } = await held({ maxConnections: 8 });
  free();
  const [used, idlest] = [await connected(url), await connected(url)];
  used.write(GET);
  await expect.poll(() => used.text()).toContain('done');
  for (let i = 2; i < 8; i++) await connected(url);
  expect(await status(url)).toBe(200);
  await idlest.gone;
  expect(used.destroyed).toBe(false);
});

it('where most connections are taken, none is kept alive', async () => {
  const { url, release, waiting } = await held({ maxConnections: 4 });
  const [one] = [await connected(url), await connected(url), await connected(url)];
  one.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await expect.poll(() => waiting.length).toBe(1);
  release();
  await one.gone;
  expect(one.text()).toMatch(/connection: close/i);
});

it('what waits on a connection that ends gives its places back', async () => {
  const { url, free, waiting } = await held({ maxRequests: 3, maxPipelined: 8 });
  const left = await connected(url);
  left.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(3));
  await expect.poll(() => waiting.length).toBe(3);
  left.destroy();
  // From here on answers are not held.
  free();
  await expect.poll(() => status(url)).toBe(200);
});

it('who holds most places gives one up at once to somebody else, and does not get it back', async () => {
  const server = await held({ maxRequests: 4, now: () => 0 });
  const greedy = await working(server, 4, OTHER);
  const scrape = status(server.url);
  await greedy[0]?.gone;
  await expect.poll(() => server.waiting.length).toBe(5);
  expect(await status(server.url, '/', OTHER)).toBe(503);
  expect(server.waiting.length).toBe(5);
  server.release();
  expect(await scrape).toBe(200);
  await expect.poll(() => greedy[1]?.text()).toContain('done');
});

it('who holds one place only keeps it, whoever comes', async () => {
  const server = await held({ maxRequests: 2, now: () => 0 });
  const [one] = await working(server, 1, OTHER);
  const scrape = status(server.url);
  await expect.poll(() => server.waiting.length).toBe(2);
  expect(await status(server.url, '/', THIRD)).toBe(503);
  server.release();
  expect(await scrape).toBe(200);
  await expect.poll(() => one?.text()).toContain('done');
});

it('what hangs for long does not give its place to somebody who holds more', async () => {
  let now = 0;
  const server = await held({ maxRequests: 3, maxWorkMs: 2000, now: () => now });
  const scrape = status(server.url);
  await expect.poll(() => server.waiting.length).toBe(1);
  now = 1000;
  const greedy = await working(server, 2, OTHER);
  now = 2500;
  expect(await status(server.url, '/', OTHER)).toBe(503);
  now = 3500;
  const next = status(server.url, '/', OTHER);
  await greedy[0]?.gone;
  await expect.poll(() => server.waiting.length).toBe(4);
  server.release();
  expect(await Promise.all([scrape, next])).toEqual([200, 200]);
});

it('where all connections are at work, who has most gives one up to somebody else', async () => {
  const server = await held({ maxConnections: 4 });
  const greedy = await working(server, 4, OTHER);
  const scrape = status(server.url);
  await greedy[0]?.gone;
  await expect.poll(() => server.waiting.length).toBe(5);
  await expect(status(server.url, '/', OTHER)).rejects.toThrow();
  server.release();
  expect(await scrape).toBe(200);
  await expect.poll(() => greedy[1]?.text()).toContain('done');
});

it('an idle connection does not give way to somebody who has more', async () => {
  const server = await held({ maxConnections: 3 });
  const idle = await connected(server.url);
  await working(server, 2, OTHER);
  await expect(status(server.url, '/', OTHER)).rejects.toThrow();
  idle.write(GET);
  await expect.poll(() => server.waiting.length).toBe(3);
  server.release();
  await expect.poll(() => idle.text()).toContain('done');
});
