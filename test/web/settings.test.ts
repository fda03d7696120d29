// The web config in force: looked at when somebody asks, taken anew when its file has changed.
import { expect, it } from 'vitest';
import { createSimHost } from '../../src/host/sim/host.ts';
import { createWebSettings, noWebSettings } from '../../src/web/settings.ts';
import { logSpy } from '../exporter/fixture.ts';

const FILE = '/etc/web.yml';
const HASH = `$2y$10$${'a'.repeat(53)}`;
const limit = (burst: number) => `rate_limit: { interval: 1s, burst: ${burst} }\n`;

function settings(text: string) {
  let now = 0;
  let time = 1;
  const host = createSimHost({ now: () => time, monotonic: () => now });
  const write = (next: string) => {
    time += 1;
    host.writeFile(FILE, next);
  };
  write(text);
  const log = logSpy();
  const web = createWebSettings(host, FILE, log);
  const burst = () => web.current().config.rateLimit?.burst;
  const pass = (ms: number) => {
    now += ms;
  };
  return { host, write, log, web, burst, pass };
}

it('without a web config nothing is asked of anybody, and nothing is told', () => {
  const { current, facts } = noWebSettings();
  expect(current().config).toMatchObject({ tls: undefined, rateLimit: undefined });
  expect(current()).toBe(current());
  expect(facts()).toBeUndefined();
});

it('a change is seen a second later, and told; where there is none, all stays the same object', () => {
  const { write, log, web, burst, pass } = settings(limit(1));
  const before = web.current();
  write(limit(2));
  pass(999);
  expect(burst()).toBe(1);
  pass(1);
  expect(burst()).toBe(2);
  expect(log.info.mock.calls).toEqual([[{ file: FILE }, 'web config loaded']]);
  const after = web.current();
  expect(after).not.toBe(before);
  pass(5000);
  expect(web.current()).toBe(after);
  expect(log.info).toHaveBeenCalledTimes(1);
});

it('a bad one is refused and told once, the last good one stays; a good one is taken again', () => {
  const { host, write, log, web, burst, pass } = settings(limit(1));
  expect(web.facts()).toEqual({ lastReloadOk: true, certificateExpiresAt: undefined });
  write('rate_limit: 7\n');
  pass(1000);
  expect([burst(), web.facts()?.lastReloadOk]).toEqual([1, false]);
  pass(1000);
  expect(burst()).toBe(1);
  expect(log.error.mock.calls).toEqual([
    [{ problem: expect.stringContaining('/etc/web.yml:1:13: rate_limit') }, expect.stringContaining('refused')],
  ]);
  write(limit(3));
  pass(1000);
  expect([web.facts()?.lastReloadOk, burst()]).toEqual([true, 3]);
  host.removeFile(FILE);
  pass(1000);
  expect([web.facts()?.lastReloadOk, burst()]).toEqual([false, 3]);
});

it('a file that was emptied lets nobody in who had to have a password', () => {
  const { write, log, web, pass } = settings(`basic_auth_users: { me: "${HASH}" }\n`);
  write('');
  pass(1000);
  expect(web.current().config.users.size).toBe(1);
  expect(log.error.mock.calls[0]?.[0].problem).toContain('it says nothing any more');
  const none = settings('');
  none.write('# still nothing\n');
  none.pass(1000);
  expect(none.web.facts()?.lastReloadOk).toBe(true);
});

it('what is allowed and probably not meant is told, at the start and with each change', () => {
  const { write, log, web, pass } = settings(limit(0));
  const warned = [{ problem: expect.stringContaining('every request is refused') }, 'web config'];
  expect(log.warn.mock.calls).toEqual([warned]);
  write(`${limit(0)}# changed\n`);
  pass(1000);
  web.current();
  expect(log.warn.mock.calls).toEqual([warned, warned]);
});

it('a file that a refused config names is looked at, too: when it comes, the config is', () => {
  const { host, write, log, web, pass } = settings(limit(1));
  write('tls_server_config: { cert_file: c.pem, key_file: k.pem }\n');
  pass(1000);
  web.current();
  expect(log.error.mock.calls[0]?.[0].problem).toContain('/etc/c.pem: no such file');
  host.writeFile('/etc/c.pem', 'no PEM');
  pass(1000);
  web.current();
  expect(log.error).toHaveBeenCalledTimes(2);
});

it('where a file may be read at last, its config is taken, though only its owner or group changed', () => {
  const { host, write, log, web, burst, pass } = settings(limit(1));
  const { stat, readText } = host;
  let [ctimeMs, isReadable] = [1, false];
  Object.assign(host, {
    stat: (path: string) => ({ ...stat(path), ctimeMs }),
    readText: (path: string) => {
      if (!isReadable) throw new Error('EACCES');
      return readText(path);
    },
  });
  write(limit(2));
  pass(1000);
  expect(burst()).toBe(1);
  expect(log.error).toHaveBeenCalledTimes(1);
  [ctimeMs, isReadable] = [2, true];
  pass(1000);
  expect([burst(), web.facts()?.lastReloadOk]).toEqual([2, true]);
});
