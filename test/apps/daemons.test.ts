// `serve` and `remediate` as processes, but in this one and on this machine: of a bridge that it does not have, so that nothing on it counts.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { runRemediate } from '../../src/apps/remediate.ts';
import { runServe, type ServeFlags } from '../../src/apps/serve.ts';
import { OperatorError } from '../../src/model/mistake.ts';

// It would end the process where something hangs.
vi.spyOn(process, 'exit').mockImplementation(() => undefined as never);
afterEach(() => void vi.unstubAllEnvs());

const CONFIG = 'bridges: { no-such-bridge: { vlans: [10], pvid: 1 } }\n';
const LOGS = { 'log.level': 'info', 'log.format': 'json' } as const;
const until = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 20_000, interval: 20 });

function folder() {
  const path = mkdtempSync(join(tmpdir(), 'vlan-daemon-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  writeFileSync(join(path, 'config.yml'), CONFIG);
  return path;
}

/** Runs it, with its log as entries; a signal comes to its own listeners alone. */
function started(run: () => Promise<void>) {
  const lines: string[] = [];
  const write = vi.spyOn(process.stderr, 'write').mockImplementation((text) => lines.push(String(text)) > 0);
  const before = new Set([...process.listeners('SIGTERM'), ...process.listeners('SIGHUP')]);
  const ended = run();
  const signal = (name: 'SIGTERM' | 'SIGHUP') => {
    for (const listener of process.listeners(name)) if (!before.has(listener)) listener(name);
  };
  onTestFinished(async () => {
    signal('SIGTERM');
    await ended.catch(() => {});
    for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
      for (const listener of process.listeners(name)) if (!before.has(listener)) process.off(name, listener);
    write.mockRestore();
  });
  const entry = (msg: string) => {
    const found = lines.map((line) => JSON.parse(line)).findLast((each) => each.msg === msg);
    expect(found).toBeDefined();
    return found;
  };
  return { entry, signal, ended };
}

function serving(path: string, more: Partial<ServeFlags> = {}) {
  const flags: ServeFlags = {
    ...LOGS,
    'config.file': join(path, 'config.yml'),
    'web.listenAddress': ['127.0.0.1:0'],
    'web.telemetryPath': '/m',
    'web.maxRequests': 40,
    ...more,
  };
  const daemon = started(() => runServe(flags));
  const ask = async (url: string, init: RequestInit = {}) => {
    const [base] = (await until(() => daemon.entry('listening'))).urls;
    const response = await fetch(base + url, init);
    return `${response.status} ${await response.text()}`;
  };
  return { ...daemon, ask };
}

test('serve listens where it is told, follows its config, and ends by a signal', async () => {
  const path = folder();
  const { ask, entry, signal, ended } = serving(path, { 'web.enableLifecycle': true });
  expect(await ask('/-/healthy')).toMatch(/^200 /);
  expect(await ask('/m')).toContain('libvirt_vlan_build_info{');
  expect(await ask('/metrics')).toMatch(/^404 /);
  expect((await until(() => entry('exporter starts'))).policy).toMatch(/^[0-9a-f]{64}$/);
  expect(await ask('/-/reload', { method: 'POST' })).toBe('200 Config loaded.\n');
  writeFileSync(join(path, 'config.yml'), 'bridges: 7\n');
  expect(await ask('/-/reload', { method: 'POST' })).toMatch(/^500 Config refused/);
  await until(async () => expect(await ask('/-/ready')).toMatch(/^200 /));
  signal('SIGTERM');
  await ended;
  await expect(ask('/m')).rejects.toThrow();
});

test('serve takes a web config where it is named', async () => {
  const path = folder();
  writeFileSync(join(path, 'web.yml'), `basic_auth_users: { me: "$2y$10$${'a'.repeat(53)}" }\n`);
  expect(await serving(path, { 'web.config.file': join(path, 'web.yml') }).ask('/m')).toMatch(/^401 /);
});

test('an empty --web.config.file is none, as in other exporters', async () => {
  expect(await serving(folder(), { 'web.config.file': '' }).ask('/m')).toMatch(/^200 /);
});

test('serve takes a reload by HTTP only where that is allowed', async () => {
  expect(await serving(folder()).ask('/-/reload', { method: 'POST' })).toMatch(/^403 Reload by HTTP is off/);
});

test('serve is refused a socket of systemd where there is none', async () => {
  await expect(serving(folder(), { 'web.systemdSocket': true }).ended).rejects.toThrow('systemd handed over no socket');
});

test('serve is refused a config that is not there', async () => {
  await expect(serving('/no/such').ended).rejects.toThrow('/no/such/config.yml: no such file');
});

test('remediate in a dry run publishes its status, follows its config, and takes the status away at its end', async () => {
  const path = folder();
  vi.stubEnv('RUNTIME_DIRECTORY', path);
  vi.stubEnv('STATE_DIRECTORY', path);
  const flags = { ...LOGS, 'config.file': join(path, 'config.yml'), dryRun: true } as const;
  const { entry, signal, ended } = started(() => runRemediate(flags));
  const status = () => JSON.parse(readFileSync(join(path, 'status.json'), 'utf8'));
  await until(() => expect(status()).toMatchObject({ version: 1, dryRun: true, paused: false }));
  const { policy, dry_run } = entry('remediator starts');
  expect([dry_run, status().policySha256]).toEqual([true, policy]);
  writeFileSync(join(path, 'config.yml'), `${CONFIG.replace('[10]', '[20]')}schedule: "* * * * * *"\n`);
  await until(() => {
    signal('SIGHUP');
    expect(status().policySha256).not.toBe(policy);
  });
  const inForce = status().policySha256;
  writeFileSync(join(path, 'config.yml'), `${CONFIG}schedule: "0 0 3 31 * 1#1"\n`);
  signal('SIGHUP');
  expect((await until(() => entry('config refused, the last good one stays in force'))).problem).toContain(
    'never comes',
  );
  const { lastCycleAt } = status();
  await until(() => expect(status().lastCycleAt).toBeGreaterThan(lastCycleAt));
  expect(status().policySha256).toBe(inForce);
  signal('SIGTERM');
  await ended;
  expect(status).toThrow('ENOENT');
});

test('a second remediate is refused while one runs, dry run or not, and touches nothing of it; afterwards another one may run', async () => {
  const path = folder();
  vi.stubEnv('RUNTIME_DIRECTORY', path);
  vi.stubEnv('STATE_DIRECTORY', path);
  const flags = { ...LOGS, 'config.file': join(path, 'config.yml') } as const;
  const status = () => JSON.parse(readFileSync(join(path, 'status.json'), 'utf8'));
  const first = started(() => runRemediate({ ...flags, dryRun: true }));
  await until(() => expect(status().dryRun).toBe(true));
  for (const more of [{}, { dryRun: true }] as const) {
    const second = runRemediate({ ...flags, ...more });
    await expect(second).rejects.toThrow(OperatorError);
    await expect(second).rejects.toThrow(
      new RegExp(
        `^another remediate runs on this host \\(process ${process.pid}, dry run\\).*` +
          '"libvirt-vlan-exporter plan".*systemctl stop libvirt-vlan-remediator$',
      ),
    );
  }
  expect(status()).toMatchObject({ dryRun: true });
  first.signal('SIGTERM');
  await first.ended;
  const third = started(() => runRemediate({ ...flags, dryRun: true }));
  await until(() => expect(status().dryRun).toBe(true));
  third.signal('SIGTERM');
  await third.ended;
});

test('remediate is refused where it cannot be told whether another one runs', async () => {
  const path = folder();
  writeFileSync(join(path, 'running'), 'a file');
  vi.stubEnv('RUNTIME_DIRECTORY', path);
  const refused = runRemediate({ ...LOGS, 'config.file': join(path, 'config.yml'), dryRun: true });
  await expect(refused).rejects.toThrow(OperatorError);
  await expect(refused).rejects.toThrow(
    /^the lock cannot be taken: ENOTDIR.*; remediate must run as root or by its unit/,
  );
});
