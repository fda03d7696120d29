// Real requests to the whole service on a simulated host.
import { request } from 'node:http';
import { connect } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { expect, it, onTestFinished } from 'vitest';
import { type ServiceOptions, startService } from '../../src/apps/exporter-service.ts';
import { parseSettings } from '../../src/config/load.ts';
import { NO_WEB_CONFIG } from '../../src/web/config/web-config.ts';
import { parseAddress } from '../../src/web/listen.ts';
import { noWebSettings } from '../../src/web/settings.ts';
import { CONFIG, DRIFTED, eventually, logSpy, simulatedHost } from '../exporter/fixture.ts';

async function begun(more: Partial<ServiceOptions> = {}) {
  const file = { text: CONFIG };
  const log = logSpy();
  const host = simulatedHost();
  const started = await startService({
    host,
    log,
    load: () => parseSettings(file.text, 'config.yml'),
    addresses: [parseAddress('127.0.0.1:0')],
    telemetryPath: '/metrics',
    maxRequests: 40,
    lifecycle: false,
    hostname: 'kvm-01',
    ...more,
  });
  onTestFinished(() => started.stop());
  return { ...started, host, file, log };
}

async function service(more: Partial<ServiceOptions> = {}) {
  const started = await begun(more);
  await started.settled();
  return started;
}

interface Response {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

function ask(
  base: string | undefined,
  path: string,
  method = 'GET',
  headers: Record<string, string> = {},
): Promise<Response> {
  return new Promise((resolve, reject) => {
    request(new URL(path, base), { method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    })
      .on('error', reject)
      .end();
  });
}

/** A connection over which these bytes were sent; nothing is read of it. */
function client(base: string | undefined, bytes: string): Promise<{ readonly closed: Promise<void> }> {
  const { hostname, port } = new URL(base ?? '');
  return new Promise((sent) => {
    const socket = connect(Number(port), hostname, () => socket.write(bytes, () => sent({ closed })));
    const closed = new Promise<void>((resolve) => {
      socket
        .resume()
        .on('error', () => undefined)
        .on('close', () => resolve());
    });
  });
}

it('/metrics tells the truth about each vnet, and again after a drift', async () => {
  const { urls, host } = await service();
  const metrics = async () => (await ask(urls[0], '/metrics')).body.toString();
  await eventually(async () => expect(await metrics()).toMatch(/vnet_pvid_correct\{.*vnet0.*\} 1/));
  host.setTable('vnet0', DRIFTED);
  await eventually(async () => expect(await metrics()).toMatch(/vnet_pvid_correct\{.*vnet0.*\} 0/));
});

it('/metrics is text 0.0.4, compressed for whoever takes gzip', async () => {
  const { urls } = await service();
  const plain = await ask(urls[0], '/metrics');
  expect(plain.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(plain.headers['content-encoding']).toBeUndefined();
  const gzip = await ask(urls[0], '/metrics', 'GET', { 'accept-encoding': 'deflate, gzip;q=0.5' });
  expect(gzip.headers['content-encoding']).toBe('gzip');
  expect(gunzipSync(gzip.body).toString()).toContain('libvirt_vlan_build_info');
  const refused = await ask(urls[0], '/metrics', 'GET', { 'accept-encoding': 'gzip;q=0, *' });
  expect(refused.headers['content-encoding']).toBeUndefined();
});

it('HEAD has the headers of GET and no body; another method is refused with what is allowed', async () => {
  const { urls } = await service();
  const head = await ask(urls[0], '/metrics', 'HEAD');
  expect([head.status, head.body.length]).toEqual([200, 0]);
  expect(Number(head.headers['content-length'])).toBeGreaterThan(1000);
  const put = await ask(urls[0], '/metrics', 'PUT');
  expect([put.status, put.headers.allow]).toEqual([405, 'GET, HEAD']);
  const get = await ask(urls[0], '/-/reload');
  expect([get.status, get.headers.allow]).toEqual([405, 'POST']);
  for (const method of ['HEAD', 'POST']) {
    const { status, headers } = await ask(urls[0], '/events', method);
    expect([status, headers.allow]).toEqual([405, 'GET']);
  }
});

it('a path that cannot be decoded is answered as all that is refused is', async () => {
  const web = {
    current: () => ({
      config: { ...NO_WEB_CONFIG, headers: { 'X-Frame-Options': 'deny' } },
      tls: undefined,
      warnings: [],
    }),
    facts: () => undefined,
  };
  const { urls } = await service({ web });
  const { status, headers, body } = await ask(urls[0], '/%zz');
  expect([status, body.toString()]).toEqual([400, 'Bad request.\n']);
  const { date, connection, 'content-length': length, ...like } = (await ask(urls[0], '/nowhere')).headers;
  expect(headers).toMatchObject(like);
  expect(headers['x-frame-options']).toBe('deny');
});

it('a scrape starts no process', async () => {
  const { urls, host, exporter } = await service();
  await eventually(() => expect(exporter.state().hook?.watching).toBe(true));
  const before = host.commands.length;
  for (let i = 0; i < 5; i++) await ask(urls[0], '/metrics');
  expect(host.commands.length).toBe(before);
});

it('the telemetry path can be another, but not one that is taken', async () => {
  const { urls } = await service({ telemetryPath: '/probe' });
  expect((await ask(urls[0], '/probe')).status).toBe(200);
  expect((await ask(urls[0], '/metrics')).status).toBe(404);
  await expect(service({ telemetryPath: '/-/ready' })).rejects.toThrow('telemetry path /-/ready');
});

it('healthy at once, ready once the first audit is done and shown', async () => {
  const slow = simulatedHost();
  const { run } = slow;
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  slow.run = async (...command) => {
    if (command[0] === 'bridge') await held;
    return run(...command);
  };
  const { urls, settled } = await begun({ host: slow });
  expect((await ask(urls[0], '/-/healthy')).status).toBe(200);
  expect((await ask(urls[0], '/-/ready')).status).toBe(503);
  expect((await ask(urls[0], '/metrics')).body.toString()).toContain('audits_total{trigger="startup"} 0');
  release();
  await settled();
  expect((await ask(urls[0], '/-/ready')).status).toBe(200);
  expect((await ask(urls[0], '/metrics')).body.toString()).toContain('vnet_pvid_correct');
});

it('the status page and the report are served', async () => {
  const { urls } = await service();
  const page = await ask(urls[0], '/');
  expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
  expect(page.body.toString()).toContain('vyos-01');
  expect(JSON.parse((await ask(urls[0], '/api/v1/report')).body.toString())).toBeTypeOf('object');
});

it('elsewhere is 404; every response says that it is what it says and may load nothing', async () => {
  const { urls } = await service();
  const nowhere = await ask(urls[0], '/etc/passwd');
  expect(nowhere.status).toBe(404);
  for (const path of ['/metrics', '/-/healthy', '/nowhere', '/']) {
    const { headers } = await ask(urls[0], path);
    expect(headers['x-content-type-options'], path).toBe('nosniff');
    expect(headers['content-security-policy'], path).toContain("default-src 'none'");
    expect(headers['x-powered-by'], path).toBeUndefined();
  }
});

it('reload by HTTP is refused with an explanation unless it is enabled', async () => {
  const { urls } = await service();
  const refused = await ask(urls[0], '/-/reload', 'POST');
  expect(refused.status).toBe(403);
  expect(refused.body.toString()).toContain('--web.enable-lifecycle');
});

it('reload by HTTP says what is wrong with the config, and that it was loaded', async () => {
  const { urls, file } = await service({ lifecycle: true });
  file.text = CONFIG.replace('pvid: 100', 'pvid: 5000');
  const bad = await ask(urls[0], '/-/reload', 'POST');
  expect(bad.status).toBe(500);
  expect(bad.body.toString()).toMatch(/config\.yml:4:\d+: bridges\.br-mgmt\.pvid/);
  const metrics = async () => (await ask(urls[0], '/metrics')).body.toString();
  expect(await metrics()).toContain('libvirt_vlan_config_last_reload_successful 0');
  file.text = CONFIG;
  expect((await ask(urls[0], '/-/reload', 'POST')).status).toBe(200);
  expect(await metrics()).toContain('libvirt_vlan_config_last_reload_successful 1');
  expect((await ask(urls[0], '/-/reload', 'POST', { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
  const json = { 'content-type': 'application/json', 'content-length': '0' };
  expect((await ask(urls[0], '/-/reload', 'POST', json)).status).toBe(200);
});

it('listens on all addresses that are named', async () => {
  const { urls } = await service({ addresses: [parseAddress('127.0.0.1:0'), parseAddress('[::1]:0')] });
  for (const url of urls) expect((await ask(url, '/-/healthy')).status).toBe(200);
  expect(urls[1]).toMatch(/^http:\/\/\[::1\]:\d+\/$/);
});

it('a port that is taken is an error that says which, and nothing is left running', async () => {
  const { urls } = await service();
  const taken = new URL(urls[0] ?? '').host;
  await expect(service({ addresses: [parseAddress('127.0.0.1:0'), parseAddress(taken)] })).rejects.toThrow(
    `cannot listen on ${taken}: another program listens there`,
  );
});

it('ends at once with scrapers that keep their connections, and with one that does not read', async () => {
  const { urls, stop } = await service();
  const clients = await Promise.all(
    ['GET /-/healthy HTTP/1.1\r\nHost: a\r\n\r\n', 'GET /events HTTP/1.1\r\nHost: a\r\n\r\n', 'GET /metr'].map(
      (bytes) => client(urls[0], bytes),
    ),
  );
  const began = performance.now();
  await stop();
  await Promise.all(clients.map(({ closed }) => closed));
  expect(performance.now() - began).toBeLessThan(1000);
});

it('/metrics tells of the web config where there is one', async () => {
  const plain = await service();
  expect((await ask(plain.urls[0], '/metrics')).body.toString()).not.toMatch(/web_config|tls_certificate/);
  const facts = { lastReloadOk: false, certificateExpiresAt: 1_800_000_000_000 };
  const { urls } = await service({ web: { ...noWebSettings(), facts: () => facts } });
  const text = (await ask(urls[0], '/metrics')).body.toString();
  expect(text).toContain('\nlibvirt_vlan_web_config_last_reload_successful 0\n');
  expect(text).toContain('\nlibvirt_vlan_tls_certificate_expiry_timestamp_seconds 1800000000\n');
});

const COMPRESSED = {
  '/metrics': 'text/plain; version=0.0.4; charset=utf-8',
  '/': 'text/html; charset=utf-8',
  '/?q=vnet0': 'text/html; charset=utf-8',
  '/api/v1/report': 'application/json; charset=utf-8',
};

it.each(Object.entries(COMPRESSED))(
  '%s: type and coding are the same for GET and HEAD, and gzip;q=0 is a no',
  async (path, type) => {
    const { urls } = await service();
    for (const [accepted, coding] of [
      ['', undefined],
      ['gzip', 'gzip'],
      ['br, gzip;q=0.1', 'gzip'],
      ['*', 'gzip'],
      ['gzip;q=0', undefined],
      ['gzip; q=0.0, *;q=1', undefined],
      ['br', undefined],
    ] as const) {
      for (const method of ['GET', 'HEAD']) {
        const { status, headers, body } = await ask(urls[0], path, method, { 'accept-encoding': accepted });
        expect([status, headers['content-type'], headers['content-encoding'], headers.vary]).toEqual([
          200,
          type,
          coding,
          'accept-encoding',
        ]);
        if (method === 'GET') expect(body.subarray(0, 2).equals(Buffer.from([0x1f, 0x8b]))).toBe(coding === 'gzip');
        else expect(body.length).toBe(0);
      }
    }
  },
);

it.each(['/:a(', '/*x', '/:a((b+)+)', '/metrics:', '/::a'])(
  '%s is a path like any other: 404, and nothing for the log',
  async (path) => {
    const { urls, log } = await service();
    for (const method of ['GET', 'POST', 'PUT']) {
      const { status, headers } = await ask(urls[0], path, method);
      expect([method, status, headers.allow]).toEqual([method, 404, undefined]);
    }
    expect(log.error).not.toHaveBeenCalled();
  },
);

it('what is refused is plain text that is not compressed, by GET and by HEAD', async () => {
  const { urls } = await service();
  for (const [path, method, expected] of [
    ['/nowhere', 'GET', 404],
    ['/nowhere', 'HEAD', 404],
    ['/metrics', 'PUT', 405],
    ['/-/reload', 'POST', 403],
    ['/events', 'HEAD', 405],
  ] as const) {
    const { status, headers } = await ask(urls[0], path, method, { 'accept-encoding': 'gzip' });
    expect([path, status, headers['content-encoding'], headers['content-type']]).toEqual([
      path,
      expected,
      undefined,
      'text/plain; charset=utf-8',
    ]);
  }
});
