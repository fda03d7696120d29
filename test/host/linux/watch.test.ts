// The folders are real ones under a temporary root, with real inotify; `ip monitor link` is played by hand.
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { FollowEvents, Host } from '../../../src/host/host.ts';
import { createIproute2 } from '../../../src/host/linux/iproute2/bridges.ts';
import { type Processes, processes } from '../../../src/host/linux/processes.ts';
import { createHost } from '../../../src/host/linux/real.ts';
import { type HostWatch, keepFolderWatched, watchHost } from '../../../src/host/linux/watch.ts';

const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
const changed = vi.fn<(watcher: string) => void>();
let root: string;
let followed: FollowEvents[];
let host: Host;
let watch: HostWatch | undefined;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'watch-'));
  for (const folder of ['run', 'etc']) mkdirSync(join(root, folder, 'libvirt/qemu'), { recursive: true });
  followed = [];
  const real = createHost();
  const follow: Processes['follow'] = (command, args, events) => {
    expect([command, ...args]).toEqual(['ip', 'monitor', 'link']);
    followed.push(events);
    return { stop: vi.fn() };
  };
  host = {
    ...real,
    stat: (path) => real.stat(root + path),
    watch: (path, ...events) => real.watch(root + path, ...events),
    bridges: createIproute2({ ...real, ...processes, follow }),
  };
});
afterEach(() => {
  watch?.stop();
  rmSync(root, { recursive: true });
  vi.resetAllMocks();
});

const calls = (watcher: string) => changed.mock.calls.filter(([name]) => name === watcher).length;
const up = () => Object.fromEntries((watch?.state() ?? []).map((state) => [state.watcher, state.up]));
const eventually = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 10 });

/** As libvirt saves: a new file, then a rename. */
function save(path: string): void {
  writeFileSync(join(root, `${path}.new`), '<domain/>');
  renameSync(join(root, `${path}.new`), join(root, path));
}

it('a line of ip monitor link and a domain file that is saved or removed wake up', async () => {
  watch = watchHost(host, changed, log);
  followed[0]?.line('7: vnet7: <BROADCAST> …');
  expect(calls('links')).toBe(1);
  save('run/libvirt/qemu/vyos-01.xml');
  await eventually(() => expect(calls('domains')).toBeGreaterThan(0));
  changed.mockClear();
  rmSync(join(root, 'run/libvirt/qemu/vyos-01.xml'));
  await eventually(() => expect(calls('domains')).toBeGreaterThan(0));
});

it('what else libvirt keeps beside its domain files wakes up nobody', async () => {
  const told: ((name: string | undefined) => void)[] = [];
  const play: Host['watch'] = (_, event) => {
    told.push(event);
    return { stop: vi.fn() };
  };
  watch = watchHost({ ...host, watch: play }, changed, log);
  const wakes = (name: string | undefined) => {
    changed.mockClear();
    for (const event of told) event(name);
    return calls('domains');
  };
  expect(told).toHaveLength(2);
  expect(['web.pid', 'web.xml.new', 'web.xml', 'autostart', undefined].map(wakes)).toEqual([0, 0, 2, 2, 2]);
});

it('where there is no /etc/libvirt/qemu, the folder of NixOS is watched in its place, and no other', async () => {
  rmSync(join(root, 'etc'), { recursive: true });
  mkdirSync(join(root, 'var/lib/libvirt/qemu'), { recursive: true });
  const watched: string[] = [];
  const play: Host['watch'] = (path) => {
    watched.push(path);
    return { stop: vi.fn() };
  };
  watch = watchHost({ ...host, watch: play }, changed, log);
  expect(watched).toEqual(['/run/libvirt/qemu', '/var/lib/libvirt/qemu']);
});

it('the domains are read anew at their events, and not at those of links', () => {
  const forget = vi.fn();
  watch = watchHost({ ...host, domains: { ...host.domains, changed: forget } }, changed, log);
  followed[0]?.line('7: vnet7');
  expect(forget).not.toHaveBeenCalled();
  watch.stop();
  const play: Host['watch'] = (_, event) => {
    event('web.xml');
    return { stop: vi.fn() };
  };
  watch = watchHost({ ...host, watch: play, domains: { ...host.domains, changed: forget } }, changed, log);
  expect(forget).toHaveBeenCalledTimes(2);
});

it('of a folder that is kept watched, each entry counts, and its coming and going', async () => {
  const path = '/run/libvirt/qemu';
  const seen = vi.fn();
  const handle = keepFolderWatched(host, path, seen);
  try {
    await eventually(() => expect(seen).toHaveBeenCalledTimes(1));
    writeFileSync(join(root, path, 'a.pid'), '');
    await eventually(() => expect(seen.mock.calls.length).toBeGreaterThan(1));
    seen.mockClear();
    rmSync(join(root, path), { recursive: true });
    await eventually(() => expect(seen).toHaveBeenCalled());
    expect(log.warn).not.toHaveBeenCalled();
  } finally {
    handle.stop();
  }
});

it('of a folder of which only some names count, no other entry is told', () => {
  const told: ((name: string | undefined) => void)[] = [];
  const play: Host['watch'] = (_, event) => {
    told.push(event);
    return { stop: vi.fn() };
  };
  const seen = vi.fn();
  const handle = keepFolderWatched({ ...host, watch: play }, '/run/libvirt/qemu', seen, (name) => name === 'pause');
  for (const name of ['status.json', undefined, 'pause']) told[0]?.(name);
  expect(seen).toHaveBeenCalledTimes(1);
  handle.stop();
});

it('both are up soon after the start, and wake up then for what nobody saw', async () => {
  watch = watchHost(host, changed, log);
  expect(up()).toEqual({ links: false, domains: false });
  await eventually(() => expect(up()).toEqual({ links: true, domains: true }));
  expect(calls('links')).toBe(1);
  expect(calls('domains')).toBe(2);
});

it('when ip monitor dies, links are down until it runs again', async () => {
  watch = watchHost(host, changed, log);
  await eventually(() => expect(up().links).toBe(true));
  followed[0]?.end('ip monitor link: ended by SIGKILL');
  expect(up().links).toBe(false);
  expect(log.warn.mock.calls).toEqual([
    [expect.objectContaining({ watcher: 'links', problem: 'ip monitor link: ended by SIGKILL' }), 'watcher is down'],
  ]);
  await eventually(() => expect(up().links).toBe(true));
  expect(followed).toHaveLength(2);
});

it('a folder that is not there at the start is watched once it appears', async () => {
  rmSync(join(root, 'run/libvirt'), { recursive: true });
  watch = watchHost(host, changed, log);
  expect(log.warn.mock.calls[0]?.[0]).toMatchObject({ what: '/run/libvirt/qemu', problem: 'no such folder' });
  mkdirSync(join(root, 'run/libvirt/qemu'), { recursive: true });
  await eventually(() => expect(up().domains).toBe(true));
});

it('a folder that is removed and made again is watched again', async () => {
  watch = watchHost(host, changed, log);
  await eventually(() => expect(up().domains).toBe(true));
  rmSync(join(root, 'run/libvirt/qemu'), { recursive: true });
  await eventually(() => expect(up().domains).toBe(false));
  mkdirSync(join(root, 'run/libvirt/qemu'));
  await eventually(() => expect(up().domains).toBe(true));
  changed.mockClear();
  save('run/libvirt/qemu/vyos-01.xml');
  await eventually(() => expect(calls('domains')).toBeGreaterThan(0));
});

it('says that a folder was replaced where it may not be looked at any more, and dies of nothing', async () => {
  const { stat } = host;
  let denied = false;
  host = {
    ...host,
    stat: (path) => {
      if (denied) throw new Error('EACCES: permission denied');
      return stat(path);
    },
  };
  watch = watchHost(host, changed, log);
  denied = true;
  writeFileSync(join(root, 'run/libvirt/qemu/a.xml'), '');
  await vi.waitFor(() => expect(log.warn).toHaveBeenCalled(), { timeout: 20_000 });
});
