// Basic authentication: whom it lets in, what it remembers, and how little a crowd of wrong passwords can do.
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import { type AddressInfo, connect, type Server as NetServer } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createBcrypt } from '../../src/web/bcrypt.ts';
import type { Web } from '../../src/web/config/load-web-config.ts';
import { NO_WEB_CONFIG, type WebConfig } from '../../src/web/config/web-config.ts';
import { guarded } from '../../src/web/door.ts';
import { type Admission, createPasswords, parseBasic } from '../../src/web/passwords.ts';
import { serve } from '../../src/web/serve.ts';

// "alice123", of the least cost.
const { compare, stop } = createBcrypt();
const { hashSync } = await import('bcryptjs');
const HASH = hashSync('alice123', 4);
const USERS = new Map([['alice', HASH]]);

async function served(config: Partial<WebConfig>) {
  const web: Web = { config: { ...NO_WEB_CONFIG, ...config }, tls: undefined, warnings: [] };
  const settings = { current: () => web, facts: () => undefined };
  let now = 0;
  const serving = await serve([{ host: '127.0.0.1', port: 0 }], (_request, response) => response.end('in'), {
    settings,
    now: () => now,
  });
  onTestFinished(() => serving.close());
  const login = (authorization?: string) =>
    new Promise<{ status: number | undefined; headers: Record<string, unknown> }>((resolve, reject) => {
      const headers = authorization === undefined ? {} : { authorization };
      request(serving.urls[0] ?? '', { agent: false, headers }, (response) => {
        response.resume().on('end', () => resolve({ status: response.statusCode, headers: response.headers }));
      })
        .on('error', reject)
        .end();
    });
  const later = (ms: number) => {
    now += ms;
  };
  return { login, later, status: async (authorization?: string) => (await login(authorization)).status };
}

const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

it('the right password is let in, anything else is 401 with a challenge', async () => {
  const { status, login } = await served({ users: USERS });
  expect(await status(basic('alice', 'alice123'))).toBe(200);
  expect(await status(basic('alice', 'alice1234'))).toBe(401);
  expect(await status(basic('bob', 'alice123'))).toBe(401);
  expect(await status('Bearer abc')).toBe(401);
  const { status: none, headers } = await login();
  expect([none, headers['www-authenticate']]).toEqual([401, expect.stringMatching(/^Basic /)]);
});

it('150 good and 150 bad logins at once are all answered rightly', async () => {
  const { status } = await served({ users: USERS });
  const good = Array.from({ length: 150 }, () => status(basic('alice', 'alice123')));
  const bad = Array.from({ length: 150 }, () => status(basic('alice', 'alice1234')));
  expect(new Set(await Promise.all(good))).toEqual(new Set([200]));
  expect(new Set(await Promise.all(bad))).toEqual(new Set([401]));
});

it('a password that was checked once is not hashed again; another hash of the user makes it unknown', async () => {
  const counted = vi.fn(compare);
  const passwords = createPasswords(counted);
  const check = (users: ReadonlyMap<string, string>, password: string) =>
    passwords.check(users, { user: 'alice', password }, 'a');
  expect(await check(USERS, 'alice123')).toBe('good');
  expect(check(USERS, 'alice123')).toBe('good');
  expect(await check(USERS, 'no')).toBe('bad');
  expect(check(USERS, 'no')).toBe('bad');
  expect(counted).toHaveBeenCalledTimes(2);
  expect(await check(new Map([['alice', hashSync('other', 4)]]), 'alice123')).toBe('bad');
});

it('no user and password of one can be put together to what another has (CVE-2022-46146)', async () => {
  const passwords = createPasswords(async (password, hash) => (hash === HASH ? false : password === 'fake'));
  const users = USERS;
  expect(await passwords.check(users, { user: `alice${HASH}`, password: 'fake' }, 'a')).toBe('bad');
  expect(await passwords.check(users, { user: 'alice', password: `${HASH}fake` }, 'a')).toBe('bad');
});

it('a user who does not exist is hashed as often and at the same cost, and is never let in', async () => {
  const hashes: string[] = [];
  const passwords = createPasswords(async (_password, hash) => {
    hashes.push(hash);
    return true;
  });
  const users = new Map([...USERS, ['slow', hashSync('x', 5)], ['carol', HASH]]);
  expect(await passwords.check(users, { user: 'nobody', password: 'x' }, 'a')).toBe('bad');
  expect(await passwords.check(users, { user: 'nobody', password: 'x' }, 'a')).toBe('bad');
  expect(hashes.length).toBe(1);
  expect(hashes[0]?.slice(0, 7)).toBe('$2b$04$');
  expect(await compare('x', hashes[0] ?? '')).toBe(false);
});

it('that cost is the one that most users have', async () => {
  const hashes: string[] = [];
  const passwords = createPasswords(async (_password, hash) => {
    hashes.push(hash);
    return false;
  });
  const slow = hashSync('x', 5);
  await passwords.check(new Map([...USERS, ['slow', slow], ['slower', slow]]), { user: 'nobody', password: 'x' }, 'a');
  expect(hashes[0]?.slice(0, 7)).toBe('$2b$05$');
});

it('a crowd of bad passwords from one address makes nobody else wait for more than one of them', async () => {
  const order: string[] = [];
  const passwords = createPasswords(async (password) => {
    order.push(password);
    return password === 'alice123';
  });
  const crowd = Array.from({ length: 100 }, (_, i) =>
    passwords.check(USERS, { user: 'alice', password: `bad${i}` }, 'crowd'),
  );
  const scrape = passwords.check(USERS, { user: 'alice', password: 'alice123' }, 'prometheus');
  expect(crowd.filter((admission) => admission === 'busy').length).toBeGreaterThan(80);
  expect(await scrape).toBe('good');
  expect(order.indexOf('alice123')).toBeLessThanOrEqual(2);
});

it('who asks is told apart by network: two addresses of one /64 are one client, and so are all Unix sockets', () => {
  const web: Web = { config: { ...NO_WEB_CONFIG, users: USERS }, tls: undefined, warnings: [] };
  const check = vi.fn(() => new Promise<Admission>(() => undefined));
  const door = guarded(vi.fn(), { current: () => web, facts: () => undefined }, { check }, () => 0);
  for (const remoteAddress of ['2001:db8::1', '2001:db8::2', '2001:db8:0:1::1', '::ffff:192.0.2.1', undefined]) {
    const request = { headers: { authorization: basic('alice', 'x') }, socket: { remoteAddress } };
    door(request as never, {} as never);
  }
  const clients = check.mock.calls.map(([, , client]: readonly unknown[]) => client);
  expect(clients).toEqual(['2001:db8:0:0::/64', '2001:db8:0:0::/64', '2001:db8:0:1::/64', '192.0.2.1', 'unix']);
});

it('good credentials stay known, however many bad ones come', async () => {
  const passwords = createPasswords(async (password) => password === 'alice123');
  await passwords.check(USERS, { user: 'alice', password: 'alice123' }, 'a');
  for (let i = 0; i < 1000; i++) await passwords.check(USERS, { user: 'alice', password: `${i}` }, 'b');
  expect(passwords.check(USERS, { user: 'alice', password: 'alice123' }, 'a')).toBe('good');
});

it('hashing that fails lets nobody in, and the next one is tried again', async () => {
  let fails = true;
  const passwords = createPasswords(async () => {
    if (fails) throw new Error('no thread');
    return true;
  });
  const check = () => passwords.check(USERS, { user: 'alice', password: 'x' }, 'a');
  expect(await check()).toBe('busy');
  fails = false;
  expect(await check()).toBe('good');
});

it.each([
  ['Basic YTpi', { user: 'a', password: 'b' }],
  ['basic YTpiOmM=', { user: 'a', password: 'b:c' }],
  ['Basic w6Q6w7Y=', { user: 'ä', password: 'ö' }],
  ['Basic YQ==', undefined],
  ['Basic', undefined],
  ['Basic %', undefined],
  ['Digest YTpi', undefined],
  [undefined, undefined],
])('%s', (header, credentials) => {
  expect(parseBasic(header)).toEqual(credentials);
});

it('the rate limit comes before the password', async () => {
  const { status, later } = await served({ users: USERS, rateLimit: { intervalMs: 1000, burst: 2 } });
  expect([await status(), await status(), await status(), await status(basic('alice', 'alice123'))]).toEqual([
    401, 401, 429, 429,
  ]);
  later(1000);
  expect([await status(basic('alice', 'alice123')), await status(basic('alice', 'alice123'))]).toEqual([200, 429]);
});

it('a burst of 0 lets nobody in; without a limit everybody is', async () => {
  const closed = await served({ rateLimit: { intervalMs: 1000, burst: 0 } });
  closed.later(60_000);
  expect(await closed.status()).toBe(429);
  const open = await served({});
  for (let i = 0; i < 11; i++) expect(await open.status()).toBe(200);
});

it('headers of the web config are in every answer, of those that are refused too', async () => {
  const { login } = await served({ users: USERS, headers: { 'X-Frame-Options': 'deny' } });
  for (const authorization of [undefined, basic('alice', 'alice123')]) {
    expect((await login(authorization)).headers['x-frame-options']).toBe('deny');
  }
});

it('the thread ends when it is told to, and begins again when it is needed', async () => {
  await stop();
  expect(await compare('alice123', HASH)).toBe(true);
});

// A handler takes a place in work, or one of those for live updates, that only the end of the answer gives back.
it.each([
  ['two requests of HTTP/1', () => createServer(), leaveHttp1],
  ['a stream of HTTP/2', () => createHttp2Server(), resetStream],
  ['a connection of HTTP/2', () => createHttp2Server(), leaveHttp2],
])('who has gone while the password was checked is not served: %s', async (_what, create: () => NetServer, leave) => {
  const web: Web = { config: { ...NO_WEB_CONFIG, users: USERS }, tls: undefined, warnings: [] };
  const admissions: ((admission: Admission) => void)[] = [];
  const passwords = { check: () => new Promise<Admission>((resolve) => admissions.push(resolve)) };
  const handle = vi.fn();
  const door = guarded(handle, { current: () => web, facts: () => undefined }, passwords, () => 0);
  const server = create().on('request', door).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  await leave(server, (count) => vi.waitUntil(() => admissions.length === count));
  for (const decide of admissions) decide('good');
  await Promise.resolve();
  expect(handle).not.toHaveBeenCalled();
});

type Asked = (count: number) => Promise<unknown>;
const portOf = (server: NetServer) => (server.address() as AddressInfo).port;

async function leaveHttp1(server: NetServer, asked: Asked) {
  const connected = once(server, 'connection');
  const client = connect(portOf(server), '127.0.0.1');
  const ask = `GET / HTTP/1.1\r\nHost: a\r\nAuthorization: ${basic('alice', 'alice123')}\r\n\r\n`;
  client.write(ask + ask);
  const [socket] = await connected;
  await asked(2);
  client.destroy();
  await once(socket, 'close');
}

async function resetStream(server: NetServer, asked: Asked) {
  const { session, request, stream } = await askHttp2(server, asked);
  request.close();
  await once(stream, 'close');
  session.destroy();
}

async function leaveHttp2(server: NetServer, asked: Asked) {
  const { session, stream } = await askHttp2(server, asked);
  session.destroy();
  await once(stream, 'close');
}

async function askHttp2(server: NetServer, asked: Asked) {
  const arrived = once(server, 'stream');
  const session = connectHttp2(`http://127.0.0.1:${portOf(server)}`);
  const request = session.request({ authorization: basic('alice', 'alice123') });
  request.on('error', () => undefined);
  const [stream] = await arrived;
  await asked(1);
  return { session, request, stream };
}
