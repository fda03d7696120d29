import { expect, onTestFinished, test } from 'vitest';
import { startControl } from '../../../src/apps/demo/control.ts';

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

test('an address that is taken is an error', async () => {
  const { url } = await control('127.0.0.1');
  const port = Number(new URL(url).port);
  await expect(startControl({ host: '127.0.0.1', port }, {})).rejects.toThrow('EADDRINUSE');
});
