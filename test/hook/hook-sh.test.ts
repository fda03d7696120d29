// src/hook/hook.sh with stand-ins for node and logger, called as libvirt does.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { parseSettings } from '../../src/config/load.ts';
import { parseJob } from '../../src/hook/call.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hook it's "));
  mkdirSync(join(folder, 'bin'));
  copyFileSync('src/hook/hook.sh', join(folder, 'hook.sh'));
  executable('bin/logger', 'entry=$(cat); printf "%s\n\n" "$entry" >>"$(dirname "$0")/../journal"');
  node('exit 0');
});
// The journal is written by a process that nobody waits for: it may put its file there meanwhile. (rmSync's own retries do not look again
// what is in the folder.)
afterEach(() => vi.waitFor(() => rmSync(folder, { recursive: true }), { timeout: 20_000 }));

function executable(name: string, script: string): void {
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, name), 0o755);
}

/** What node does; before it notes its arguments and its stdin. */
function node(script: string): void {
  executable('node', `d=$(dirname "$0"); { echo "$*"; cat; } >>"$d/called"; echo said >&2\n${script}`);
}

const read = (name: string) => (existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8') : undefined);
const environment = () => ({
  PATH: `${join(folder, 'bin')}:${process.env.PATH}`,
  LIBVIRT_VLAN_NODE: join(folder, 'node'),
  LIBVIRT_VLAN_CONFIG: join(folder, 'config.yml'),
  LIBVIRT_VLAN_RUN: join(folder, 'run'),
});
const args = (operation: string) => [join(folder, 'hook.sh'), 'web 1', operation, 'begin', '-'];

/** As libvirt: waits until it has ended and its stdout and stderr are closed by all. */
function call(operation: string, { shell = 'sh', input = '<domain/>' } = {}) {
  const { status, stdout, stderr } = spawnSync(shell, args(operation), { input, encoding: 'utf8', env: environment() });
  return { status, stdout, stderr };
}

const QUIET = { status: 0, stdout: '', stderr: '' };
const CLOSED = { status: 1, stdout: '', stderr: '' };
const config = (text: string) => writeFileSync(join(folder, 'config.yml'), text);

// Debian's sh is dash, that of others bash.
describe.each(['dash', 'bash'])('%s', (shell) => {
  test('at start it hands arguments and XML to the program beside it, and nothing of its output to libvirt', () => {
    expect(call('start', { shell })).toEqual(QUIET);
    expect(read('called')).toBe(`${folder}/hook.cjs web 1 start begin -\n<domain/>`);
    expect(read('journal')).toBeUndefined();
  });

  test('what the program prints at start goes to the journal, entry by entry, and not to libvirt', async () => {
    const entries = 'MESSAGE= a\\b "$(c)"\nPRIORITY=6\n\nMESSAGE=d\nPRIORITY=3\n\n';
    writeFileSync(join(folder, 'entries'), entries);
    node('cat "$d/entries"; exit 0');
    expect(call('start', { shell })).toEqual(QUIET);
    await expect.poll(() => read('journal'), { timeout: 20_000 }).toBe(entries);
  }, 30_000);

  test.each([
    ['that cannot be made', () => writeFileSync(join(folder, 'run'), '')],
    ['that takes nothing', () => executable('bin/mv', 'exit 1')],
  ])(
    'a spool folder %s is an error in the journal, no harm to the VM, and leaves no file',
    async (_, broken) => {
      broken();
      expect(call('reconnect', { shell })).toEqual(QUIET);
      await expect
        .poll(() => read('journal'), { timeout: 20_000 })
        .toContain(`MESSAGE=ERROR: reconnect: cannot write to ${folder}/run/spool`);
      await expect
        .poll(() => readdirSync(folder, { recursive: true }).filter((name) => /new\./.test(`${name}`)))
        .toEqual([]);
      expect(read('called')).toBeUndefined();
    },
    30_000,
  );

  test('called without a stdin it is no failure, which would kill the VM at reconnect', () => {
    for (const operation of ['start', 'reconnect', 'prepare'])
      execFileSync(shell, ['-c', `${shell} "$@" <&-`, 'sh', ...args(operation)], { stdio: 'pipe', env: environment() });
  });

  test.each(['started', 'reconnect'])(
    'at %s libvirt does not wait; one worker takes the job',
    async (operation) => {
      // The stand-in moves the jobs away, as the program does.
      node(`mv "$LIBVIRT_VLAN_RUN/spool"/* "$d/job"`);
      expect(call(operation, { shell })).toEqual(QUIET);
      expect(read('called')).toBeUndefined();
      await expect.poll(() => read('called'), { timeout: 20_000 }).toBe(`${folder}/hook.cjs\n`);
      await expect.poll(() => read('job'), { timeout: 20_000 }).toBeDefined();
      expect(parseJob(read('job') ?? '')).toEqual({ guest: 'web 1', operation, xml: '<domain/>' });
    },
    30_000,
  );
});

test('twenty VMs at a restart of libvirtd: one node does them all', async () => {
  node(`ls "$LIBVIRT_VLAN_RUN/spool" | wc -l >>"$d/counts"; rm "$LIBVIRT_VLAN_RUN/spool"/*`);
  const ends = Array.from({ length: 20 }, () => {
    const child = spawn('sh', args('reconnect'), { stdio: ['pipe', 'ignore', 'ignore'], env: environment() });
    child.stdin.end('<domain/>');
    return new Promise((resolve) => child.on('close', resolve));
  });
  expect(new Set(await Promise.all(ends))).toEqual(new Set([0]));
  await expect.poll(() => total(read('counts')), { timeout: 20_000 }).toBe(20);
  expect((read('counts') ?? '').trim().split('\n').length).toBeLessThan(5);
}, 30_000);

const total = (counts = '') => counts.split('\n').reduce((sum, text) => sum + Number(text), 0);

test('a worker that cannot run says so, and leaves no jobs behind', async () => {
  rmSync(join(folder, 'node'));
  expect(call('reconnect')).toEqual(QUIET);
  await expect.poll(() => read('journal'), { timeout: 20_000 }).toMatch(/^MESSAGE=ERROR: worker: .*exit status 127/);
  expect(readdirSync(join(folder, 'run/spool'))).toEqual([]);
}, 30_000);

test('a worker that is killed takes no jobs with it that came meanwhile', async () => {
  node(`cat "$LIBVIRT_VLAN_RUN/spool"/* >>"$d/jobs"; rm "$LIBVIRT_VLAN_RUN/spool"/*
    [ ! -e "$d/once" ] || exit 0
    touch "$d/once"; until [ -n "$(ls "$LIBVIRT_VLAN_RUN/spool")" ]; do sleep 0.1; done; kill -9 $$`);
  expect(call('reconnect', { input: '<domain>first</domain>' })).toEqual(QUIET);
  await expect.poll(() => read('once'), { timeout: 20_000 }).toBeDefined();
  expect(call('reconnect', { input: '<domain>second</domain>' })).toEqual(QUIET);
  await expect.poll(() => read('jobs'), { timeout: 20_000 }).toMatch(/first[\s\S]*second/);
}, 60_000);

describe('a start that fails', () => {
  const OPEN = 'hook:\n  # fail_closed: true\n';
  const failures: Record<string, [string, RegExp | undefined]> = {
    'and has told the journal why': ['exit 3', undefined],
    'with an error of node': ['exit 1', /^MESSAGE=ERROR: start: .*hook\.cjs ended with exit status 1/],
    'killed by a signal': ['kill -SEGV $$', /^MESSAGE=ERROR: start: .*ended with exit status 139/],
    'with node gone': ['rm "$0"; exit 127', /^MESSAGE=ERROR: start: .*exit status 127/],
  };
  for (const [what, [script, says]] of Object.entries(failures)) {
    test(`${what}: the VM starts, unless the config says fail_closed`, async () => {
      node(script);
      config(OPEN);
      expect(call('start')).toEqual(QUIET);
      if (says) await expect.poll(() => read('journal'), { timeout: 20_000 }).toMatch(says);
      node(script);
      config('hook:\n  fail_closed: true\n');
      expect(call('start')).toEqual(CLOSED);
      await expect.poll(() => read('journal'), { timeout: 20_000 }).toContain('the VM is kept from starting');
    }, 30_000);
  }

  test('with fail_closed the other operations still end with 0', () => {
    config('hook:\n  fail_closed: true\n');
    node('exit 1');
    expect(['prepare', 'started', 'reconnect', 'stopped', 'release'].map((operation) => call(operation))).toEqual(
      Array(5).fill(QUIET),
    );
  });

  test('its entry has the fields of all others', async () => {
    node('exit 1');
    call('start');
    await expect
      .poll(() => read('journal'), { timeout: 20_000 })
      .toMatch(
        /\nPRIORITY=3\nSYSLOG_IDENTIFIER=libvirt-hook\nSYSLOG_IDENTIFIER=libvirt-hook\[web 1\]\nLIBVIRT_VLAN_DOMAIN=web 1\nLIBVIRT_VLAN_OPERATION=start\nLIBVIRT_VLAN_RUN=1\n\n$/,
      );
  }, 30_000);

  test('that fail_closed keeps the VM from starting is no run of its own', async () => {
    config('hook: { fail_closed: true }\n');
    node('exit 1');
    call('start');
    await expect.poll(() => read('journal'), { timeout: 20_000 }).toMatch(/kept from starting.*DOMAIN=web 1\n\n$/s);
    expect(read('journal')?.match(/LIBVIRT_VLAN_RUN=1/g)).toHaveLength(1);
  }, 30_000);

  test.each([
    'hook: {fail_closed: true}',
    'hook:\n  identifiers: [a]\n  fail_closed:   True  # please',
    'hook:\n  "fail_closed" : TRUE',
    "hook:\n  'fail_closed':\n    true",
    '{"hook":{"fail_closed":true},"bridges":{"br0":{"vlans":[1],"pvid":1}}}',
    'hook:\n  fail_closed: false # not true',
    'hook:\n  # fail_closed: true\n  wait_seconds: 3',
    'hook: {wait_seconds: 3}',
    'hook: {identifiers: ["a#b"], fail_closed: true}',
    '{"bridges":{"br0":{"vlans":[1],"pvid":1,"rules":[{"name":"a","because":"until fail_closed: true","domains":["x"],"pvid":1}]}}}',
  ])('what the script and the config reader make of it is the same: %j', (text) => {
    const whole = text.startsWith('{') ? text : `bridges: {br0: {vlans: [1], pvid: 1}}\n${text}\n`;
    config(whole);
    node('exit 3');
    expect(call('start').status).toBe(parseSettings(whole, 'f').hook.failClosed ? 1 : 0);
  });
});

test('the program says what the config wants where it could read it: the script does not look', () => {
  config('bridges: {br0: {vlans: [1], pvid: 1, rules: [{name: a, domains: [a], because: "x, fail_closed: true"}]}}');
  node('exit 4');
  expect(call('start').status).toBe(0);
  config('');
  node('exit 5');
  expect(call('start').status).toBe(1);
});

describe('whatever hangs, libvirt has its answer within ten seconds', () => {
  test("node, and with it a child that keeps libvirt's files", () => {
    node('sleep 1000');
    const begin = performance.now();
    expect(call('start')).toEqual(QUIET);
    expect(performance.now() - begin).toBeLessThan(10_000);
  }, 20_000);

  test('logger', () => {
    executable('bin/logger', 'exec sleep 12');
    node('exit 1');
    const begin = performance.now();
    expect(call('start')).toEqual(QUIET);
    expect(performance.now() - begin).toBeLessThan(5_000);
  }, 20_000);

  test('logger, for long: what comes after the entry that it hangs at is dropped, so that a worker goes on', async () => {
    executable(
      'bin/timeout',
      'shift; case $1 in logger) echo >>"$(dirname "$0")/../tries"; exit 124 ;; *) shift 2; exec "$@"; esac',
    );
    node('rm "$LIBVIRT_VLAN_RUN/spool"/*; for i in 1 2 3; do echo MESSAGE=a; echo; done; echo >"$d/done"');
    call('reconnect');
    await expect.poll(() => read('done'), { timeout: 20_000 }).toBeDefined();
    await expect.poll(() => read('tries'), { timeout: 20_000 }).toBe('\n');
  }, 30_000);

  test('a config that is a FIFO', () => {
    execFileSync('mkfifo', [join(folder, 'config.yml')]);
    node('exit 1');
    const begin = performance.now();
    expect(call('start')).toEqual(QUIET);
    expect(performance.now() - begin).toBeLessThan(5_000);
  }, 20_000);
});

test.each(['prepare', 'stopped', 'release', 'migrate', 'restore', 'attach', '', '*'])(
  'at other operations nothing is started: %j',
  (operation) => {
    // Everything that it could start goes through PATH or is node; and nothing is left for later.
    for (const name of ['timeout', 'setsid', 'cat', 'sed', 'flock', 'mkdir', 'mktemp', 'readlink', 'logger'])
      executable(`bin/${name}`, 'echo "$0" >>"$(dirname "$0")/../started"');
    expect(call(operation)).toEqual(QUIET);
    expect([read('started'), read('called'), existsSync(join(folder, 'run'))]).toEqual([undefined, undefined, false]);
    // The stand-ins are seen where there is something to do.
    call('start');
    expect(read('started')).toMatch(/timeout/);
  },
);
