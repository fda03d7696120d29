// Clients that mean no good, at the whole service by TLS: whatever they do, a drift is seen, and a scrape shows it.
import type { RequestListener } from 'node:http';
import { request } from 'node:https';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startService } from '../../src/apps/exporter-service.ts';
import { parseSettings } from '../../src/config/load.ts';
import { files } from '../../src/host/linux/files.ts';
import { serve } from '../../src/web/serve.ts';
import { createWebSettings } from '../../src/web/settings.ts';
import { CONFIG, DRIFTED, eventually, GOOD, logSpy, simulatedHost } from '../exporter/fixture.ts';
import { createFolder, type Folder } from './certificates.ts';
import { attack, FLOODS } from './floods.ts';

let folder: Folder;
beforeAll(() => {
  folder = createFolder();
  folder.authority('ca').issue('server');
  folder.write('web.yml', 'tls_server_config: { cert_file: server.crt, key_file: server.key }\n');
});
afterAll(() => folder.remove());

async function attacked() {
  const log = logSpy();
  const host = simulatedHost();
  const { urls, settled, stop } = await startService({
    host,
    log,
    load: () => parseSettings(CONFIG, 'config.yml'),
    web: createWebSettings(files, folder.file('web.yml'), log),
    addresses: [{ host: '127.0.0.1', port: 0 }],
    telemetryPath: '/metrics',
    maxRequests: 40,
    lifecycle: false,
    hostname: 'kvm-01',
  });
  onTestFinished(stop);
  await settled();
  const url = urls[0] ?? '';
  const scrape = () =>
    new Promise<string>((resolve, reject) => {
      request(`${url}metrics`, { agent: false, rejectUnauthorized: false }, (response) => {
        let text = '';
        response.on('data', (chunk) => (text += chunk)).on('end', () => resolve(text));
      })
        .on('error', reject)
        .end();
    });
  let drifted = false;
  return {
    port: Number(new URL(url.replace('https', 'http')).port),
    log,
    /** A drift, or its repair, is seen by the next audit, and shown by a scrape of somebody who connects anew. */
    isUnharmed: async () => {
      drifted = !drifted;
      host.setTable('vnet0', drifted ? DRIFTED : GOOD);
      const expected = new RegExp(`vnet_pvid_correct\\{.*vnet0.*\\} ${drifted ? 0 : 1}\n`);
      await eventually(async () => expect(await scrape()).toMatch(expected));
    },
  };
}

/** So many connections that have sent these bytes; by TLS after the handshake. */
async function held(port: number, count: number, bytes: string, tls = false): Promise<readonly Socket[]> {
  const open = () =>
    new Promise<Socket>((resolve) => {
      const to = { port, host: '127.0.0.1' };
      const socket: Socket = tls ? connectTls({ ...to, rejectUnauthorized: false }) : connectTcp(to);
      socket
        .once(tls ? 'secureConnect' : 'connect', () => socket.write(bytes, 'latin1', () => resolve(socket)))
        .once('close', () => resolve(socket))
        .on('error', () => undefined)
        .resume();
      onTestFinished(() => void socket.destroy());
    });
  return Promise.all(Array.from({ length: count }, open));
}

/** What the server answers to these bytes on a connection of its own, by TLS. */
function answered(port: number, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false }, () =>
      socket.write(bytes, 'latin1'),
    )
      .on('data', (chunk) => (text += chunk))
      .on('error', () => undefined)
      .once('close', () => resolve(text));
    onTestFinished(() => void socket.destroy());
  });
}

describe('floods of HTTP/2', () => {
  it.each([
    ...Object.entries(FLOODS).map(([name, flood]) => ({ name, flood, reads: true })),
    // What is answered piles up then.
    { name: 'ping', flood: FLOODS.ping, reads: false },
    { name: 'settings', flood: FLOODS.settings, reads: false },
    { name: 'requests', flood: FLOODS.requests, reads: false },
  ])('$name, whose sender reads: $reads', async ({ flood, reads }) => {
    const { port, isUnharmed } = await attacked();
    const { counts, stop } = attack(port, flood, 4, reads);
    onTestFinished(stop);
    await eventually(() => expect(counts().batches).toBeGreaterThan(20));
    await isUnharmed();
  });

  it.each(['reset', 'continuation', 'made you reset', 'empty data', 'priority', 'ping', 'settings'] as const)(
    '%s ends the connection',
    async (name) => {
      const { port } = await attacked();
      const { counts, stop } = attack(port, FLOODS[name], 1);
      onTestFinished(stop);
      await eventually(() => expect(counts().ended).toBeGreaterThan(2));
    },
  );

  it('a connection on which many requests were reset ends, after at most a batch or two of them were served', async () => {
    let served = 0;
    const settings = createWebSettings({ ...files, monotonic: () => 0 }, folder.file('web.yml'), logSpy());
    const handle: RequestListener = (_request, response) => {
      served++;
      response.end();
    };
    const { urls, close } = await serve([{ host: '127.0.0.1', port: 0 }], handle, { settings });
    onTestFinished(close);
    const { counts, stop } = attack(Number(new URL((urls[0] ?? '').replace('https', 'http')).port), FLOODS.reset, 1);
    onTestFinished(stop);
    await eventually(() => expect(counts().ended).toBeGreaterThan(0));
    expect(served).toBeLessThanOrEqual(200 * (counts().ended + 1));
  });
});

describe('crowds', () => {
  it.each([
    [600, 'that connect and say nothing', '', false],
    [600, 'that never end their handshake', '\x16\x03\x01\x02\0\x01', false],
    [600, 'that never end their request', 'GET /metrics HTTP/1.1\r\nHost: a\r\nX: ', true],
    // More than there are places for scrapes.
    [100, 'that never end their body', 'POST /-/reload HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n', true],
  ])('%d clients %s', async (count, _what, bytes, tls) => {
    const { port, isUnharmed } = await attacked();
    const sockets = await held(port, count, bytes, tls);
    expect(sockets.length).toBe(count);
    await isUnharmed();
  });

  it('who asks and reads nothing is not waited for', async () => {
    const { port, isUnharmed } = await attacked();
    const sockets = await held(port, 100, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(50), true);
    for (const socket of sockets) socket.pause();
    await isUnharmed();
  });
});

describe('requests', () => {
  it.each([
    ['one header of 20,000 bytes', `GET /metrics HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`],
    ['10,000 headers', `GET /metrics HTTP/1.1\r\nHost: a\r\n${'X: y\r\n'.repeat(10_000)}\r\n`],
    ['a path of 20,000 bytes', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`],
  ])('with %s are refused with 431', async (_what, bytes) => {
    const { port, isUnharmed } = await attacked();
    expect(await answered(port, bytes)).toMatch(/^HTTP\/1\.1 431 /);
    await isUnharmed();
  });

  it.each([
    'POST /-/reload HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'POST /-/reload HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcd',
    'GET /metrics HTTP/9.9\r\nHost: a\r\n\r\n',
    'GET /metrics\x00 HTTP/1.1\r\nHost: a\r\n\r\n',
    'junk\r\n\r\n',
  ])('%j is refused with 400', async (bytes) => {
    const { port } = await attacked();
    expect(await answered(port, bytes)).toMatch(/^HTTP\/1\.1 (400|505) /);
  });

  it.each([
    '/../../../../etc/passwd',
    '/metrics/../../../etc/passwd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/..%2f..%2fetc%2fpasswd',
    '//etc/passwd',
    '/..\\..\\etc\\passwd',
    '/%00/etc/passwd',
    '/%ff%fe',
    '/%',
    'http://evil.example/etc/passwd',
    'file:///etc/passwd',
  ])('the path %j leads nowhere', async (path) => {
    const { port } = await attacked();
    const text = await answered(port, `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    expect(text).toMatch(/^HTTP\/1\.1 (400|404) /);
    expect(text).not.toContain('root:');
  });
});
