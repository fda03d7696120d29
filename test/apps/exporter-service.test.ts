// The exporter with its server, as `serve` runs it under runDaemon, on the simulated host.
import { EventEmitter } from 'node:events';
import { expect, it, onTestFinished, vi } from 'vitest';
import { type ServiceOptions, startService } from '../../src/apps/exporter-service.ts';
import { parseSettings } from '../../src/config/load.ts';
import { createLoader } from '../../src/config/loader.ts';
import { runDaemon } from '../../src/daemon/run-daemon.ts';
import { parseAddress } from '../../src/web/listen.ts';
import { createWebSettings } from '../../src/web/settings.ts';
import { CONFIG, DRIFTED, GOOD, logSpy, simulatedHost } from '../exporter/fixture.ts';

const eventually = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 20_000, interval: 20 });

async function serviceOn(more: Partial<ServiceOptions> = {}) {
  const file = { text: CONFIG };
  const log = logSpy();
  const service = await startService({
    host: simulatedHost(),
    log,
    load: () => parseSettings(file.text, 'config.yml'),
    addresses: [parseAddress('127.0.0.1:0')],
    telemetryPath: '/metrics',
    maxRequests: 40,
    lifecycle: false,
    hostname: 'h',
    ...more,
  });
  onTestFinished(() => service.stop());
  const get = async (path: string) => (await fetch(new URL(path, service.urls[0]))).text();
  return { service, file, log, get };
}

it('whether the journal, the domains and the links are watched is in /metrics', async () => {
  const { get } = await serviceOn();
  await eventually(async () => {
    const text = await get('/metrics');
    for (const watcher of ['journal', 'domains', 'links'])
      expect(text).toContain(`libvirt_vlan_watcher_up{watcher="${watcher}"} 1`);
  });
});

it('what an audit found is in /metrics as soon as it is settled', async () => {
  const { service, get } = await serviceOn();
  await service.settled();
  expect(await get('/metrics')).toContain('libvirt_vlan_vnet_compliant{');
});

it('it is settled after the first audit, although another one is always due', async () => {
  const host = simulatedHost();
  const { run } = host;
  let drifted = false;
  host.run = async (...command) => {
    drifted = !drifted;
    host.setTable('vnet0', drifted ? DRIFTED : GOOD);
    await new Promise((resolve) => setTimeout(resolve, 50));
    return run(...command);
  };
  const { service, get } = await serviceOn({ host });
  await service.settled();
  expect(await get('/metrics')).toContain('libvirt_vlan_vnet_compliant{');
});

it('what fails while it starts is told by whoever waits for it to be settled', async () => {
  const settings = { ...parseSettings(CONFIG, 'config.yml'), schedule: 'now and then' };
  const { service, get } = await serviceOn({ load: () => settings });
  await get('/-/healthy');
  await expect(service.settled()).rejects.toThrow('expected 5 or 6 fields');
});

it('a web config is in force from the first request on', async () => {
  const host = simulatedHost();
  host.writeFile('/web.yml', `basic_auth_users: { me: "$2y$10$${'a'.repeat(53)}" }\n`);
  const { get } = await serviceOn({
    host,
    web: createWebSettings({ ...host, monotonic: () => 0 }, '/web.yml', logSpy()),
  });
  expect(await get('/')).toContain('Unauthorized');
});

it('where it listens is logged; an address that is taken is an error, and leaves no exporter', async () => {
  const { service, log } = await serviceOn();
  const [url = ''] = service.urls;
  expect(log.info.mock.calls).toContainEqual([{ urls: [url.slice(0, -1)] }, 'listening']);
  const second = logSpy();
  const host = simulatedHost();
  const taken = parseAddress(new URL(url).host);
  await expect(serviceOn({ host, log: second, addresses: [taken] })).rejects.toThrow('another program listens there');
  expect(second.info).not.toHaveBeenCalled();
});

it('a reload that is in force is told, a refused one is not', async () => {
  const reloaded = vi.fn();
  const { service, file } = await serviceOn({ reloaded });
  expect(service.reload()).toBeUndefined();
  expect(reloaded).toHaveBeenCalledTimes(1);
  file.text = 'bridges: 3';
  expect(service.reload()).toMatch(/^config\.yml:1/);
  expect(reloaded).toHaveBeenCalledTimes(1);
});

it('whether the config file waits for a reload is in /metrics', async () => {
  const host = simulatedHost();
  host.writeFile('/config.yml', CONFIG);
  const { service, get } = await serviceOn({ host, ...createLoader(host, '/config.yml') });
  expect(await get('/metrics')).toContain('libvirt_vlan_config_reload_pending 0\n');
  host.writeFile('/config.yml', 'bridges: 3');
  service.reload();
  expect(await get('/metrics')).toContain('libvirt_vlan_config_reload_pending 1\n');
});

it('as a daemon: a signal puts a changed config in force, refuses a bad one, and another ends it', async () => {
  const { service, file, log, get } = await serviceOn();
  const signals = new EventEmitter();
  const said: string[] = [];
  const notifier = {
    ready: async () => void said.push('ready'),
    reloading: async () => void said.push('reloading'),
    stopping: async () => void said.push('stopping'),
    alive: async () => {},
    watchdogMs: undefined,
  };
  const daemon = {
    ...service,
    status: () => '',
    reload: () => void service.reload(),
    stuckMs: service.exporter.stuckMs,
  };
  const ended = runDaemon(daemon, { notifier, log, signals });
  await vi.waitFor(() => expect(said).toEqual(['ready']), { timeout: 20_000 });

  file.text = CONFIG.replace('pvid: 100', 'pvid: 20');
  signals.emit('SIGHUP');
  await eventually(async () => expect(await get('/metrics')).toMatch(/vnet_pvid_expected\{[^}]*\} 20\n/));

  file.text = 'bridges: 3\n';
  signals.emit('SIGHUP');
  await eventually(async () => expect(await get('/metrics')).toContain('config_last_reload_successful 0'));
  expect(await get('/metrics')).toMatch(/vnet_pvid_expected\{[^}]*\} 20\n/);

  signals.emit('SIGTERM');
  await ended;
  expect(said).toEqual(['ready', 'reloading', 'ready', 'reloading', 'ready', 'stopping']);
  await expect(get('/metrics')).rejects.toThrow();
});
