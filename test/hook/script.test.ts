import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hookScript, pathsOf } from '../../src/hook/script.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hook it's "));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Installs the script with a stand-in for node that notes its call, writes to stdout, and ends with `status`. */
function install(status: number, config = '') {
  const paths = { node: join(folder, 'node'), program: join(folder, 'main.js'), config: join(folder, 'config.yml') };
  writeFileSync(
    paths.node,
    `#!/bin/sh\necho printed\n{ echo "$*"; echo "$LIBVIRT_VLAN_CONFIG"; cat; } > '${join(folder, 'called.new').replaceAll("'", "'\\''")}'\n` +
      `mv "${folder}/called.new" "${folder}/called"\nexit ${status}\n`,
  );
  chmodSync(paths.node, 0o755);
  writeFileSync(paths.config, config);
  const script = join(folder, 'script');
  writeFileSync(script, hookScript(paths));
  chmodSync(script, 0o755);
  return {
    paths,
    /** As libvirt: waits until it has ended and its stdout and stderr are closed. */
    call: (operation: string) =>
      spawnSync(script, ['web-1', operation, 'begin', '-'], { input: '<domain/>', encoding: 'utf8' }),
  };
}

const called = () => (existsSync(join(folder, 'called')) ? readFileSync(join(folder, 'called'), 'utf8') : undefined);

test('it is a valid script for sh', () => {
  const { paths } = install(0);
  execFileSync('sh', ['-n'], { input: hookScript(paths) });
});

test('at start it hands arguments, config and XML on, and nothing of its stdout to libvirt', () => {
  const { paths, call } = install(0);
  expect(call('start')).toMatchObject({ status: 0, stdout: '' });
  expect(called()).toBe(`${paths.program} hook web-1 start begin -\n${paths.config}\n<domain/>`);
});

test('a hook that ends with an error, or is not there at all, does not keep the VM from starting', () => {
  expect(install(1).call('start').status).toBe(0);
  rmSync(join(folder, 'node'));
  expect(spawnSync(join(folder, 'script'), ['web-1', 'start', 'begin', '-'], { input: '' }).status).toBe(0);
});

test('it does with fail_closed, but at start only', () => {
  const { call } = install(1, 'hook:\n  fail_closed: true\n');
  expect(['start', 'started', 'reconnect', 'stopped'].map((operation) => call(operation).status)).toEqual([1, 0, 0, 0]);
  expect(install(1, 'hook:\n  # fail_closed: true\n').call('start').status).toBe(0);
});

for (const operation of ['started', 'reconnect']) {
  test(`at ${operation} libvirt does not wait, yet the XML arrives`, async () => {
    const { paths, call } = install(0);
    expect(call(operation)).toMatchObject({ status: 0, stdout: '' });
    await expect
      .poll(called, { timeout: 20_000 })
      .toBe(`${paths.program} hook web-1 ${operation} begin -\n${paths.config}\n<domain/>`);
  }, 30_000);
}

test('at other operations node is not started', () => {
  const { call } = install(0);
  for (const operation of ['prepare', 'stopped', 'release', 'migrate', '', '*']) expect(call(operation).status).toBe(0);
  expect(called()).toBeUndefined();
});

test('the paths can be read back from a script, and from no other', () => {
  const { paths } = install(0);
  expect(pathsOf(hookScript(paths))).toEqual(paths);
  const plain = { node: '/usr/bin/node', program: '/usr/lib/x/main.js', config: '/etc/x.yml' };
  expect(pathsOf(hookScript(plain))).toEqual(plain);
  expect(pathsOf('#!/bin/sh\nexit 0\n')).toBeUndefined();
});
