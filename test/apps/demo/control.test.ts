import { request } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { startControl } from '../../../src/apps/demo/control.ts';
import { ListenError } from '../../../src/web/listen.ts';

async function control(host: string | undefined) {
  const acts = {
    wipe: (domain: string) => {
      if (domain === '') throw new Error('which one?');
      return `${domain} wiped`;
    },
    pause: () => 'paused',
  };
  const { url, stop } = await startControl({ host, port: 0 }, acts);
  onTestFinished(stop);
  const order = async (path: string, method = 'POST') => {
    const response = await fetch(`${url}/${path}`, { method });
    return `${response.status} ${(await response.text()).trim()}`;
  };
  return { url, stop, order };
}

test('an order is answered with what happened, or why it cannot be followed', async () => {
  const { url, order } = await control('127.0.0.1');
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(await order('wipe?domain=a')).toBe('200 a wiped');
  expect(await order('wipe')).toBe('400 which one?');
  expect(await order('wipe?domain=a', 'GET')).toBe('405 expected POST');
  for (const path of ['heal', 'toString', '']) expect(await order(path)).toBe('404 expected one of /wipe /pause');
});

test('without a host it listens on this machine alone', async () => {
  const { url } = await control(undefined);
  expect(url).toMatch(/^http:\/\/(127\.0\.0\.1|\[::1\]):\d+$/);
});

test('after the stop nobody answers', async () => {
  const { order, stop } = await control('127.0.0.1');
  await order('pause');
  stop();
  await expect(order('pause')).rejects.toThrow();
});

test.each(['//', '//:x', 'http://[/'])(
  'what is no URL is answered with 400, and the next order is followed: %s',
  async (path) => {
    const { url, order } = await control('127.0.0.1');
    const { hostname, port } = new URL(url);
    const status = await new Promise((resolve, reject) => {
      request({ hostname, port, path, method: 'POST', agent: false }, (response) => resolve(response.statusCode))
        .on('error', reject)
        .end();
    });
    expect(status).toBe(400);
    expect(await order('pause')).toBe('200 paused');
  },
);

test('an address that is taken is told by the option that names it', async () => {
  const { url } = await control('127.0.0.1');
  const port = Number(new URL(url).port);
  await expect(startControl({ host: '127.0.0.1', port }, {})).rejects.toThrow(
    new ListenError(`cannot listen on 127.0.0.1:${port}: another program listens there; choose another with --control`),
  );
});
