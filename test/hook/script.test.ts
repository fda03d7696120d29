import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hookScript, pathsOf } from '../../src/hook/script.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hook it's "));
});
afterEach(() => rmSync(folder, { recursive: true }));

const call = (file: string, operation: string) =>
  spawnSync('sh', [file, 'web-1', operation, 'begin', '-'], { input: '<domain/>', encoding: 'utf8' });

test('it calls hook.sh with the paths of this host, and gives its exit status', () => {
  const paths = { node: join(folder, 'node'), script: join(folder, 'hook.sh'), config: join(folder, 'config.yml') };
  const seen = join(folder, 'seen');
  writeFileSync(
    paths.script,
    'printf "%s\\n" "$LIBVIRT_VLAN_NODE" "$LIBVIRT_VLAN_CONFIG" "$LIBVIRT_VLAN_HOOK" "$@" >"$(dirname "$0")/seen"; cat >>"$(dirname "$0")/seen"; exit 1',
  );
  writeFileSync(join(folder, 'qemu'), hookScript(paths));
  expect(call(join(folder, 'qemu'), 'start')).toMatchObject({ status: 1, stdout: '', stderr: '' });
  expect(readFileSync(seen, 'utf8')).toBe(
    `${paths.node}\n${paths.config}\n${paths.script}\nweb-1\nstart\nbegin\n-\n<domain/>`,
  );
});

test('where hook.sh is gone no VM is kept from starting, and none is killed', () => {
  const file = join(folder, 'qemu');
  writeFileSync(file, hookScript({ node: '/usr/bin/node', script: join(folder, 'gone'), config: '/etc/x.yml' }));
  for (const operation of ['prepare', 'start', 'started', 'reconnect', 'stopped'])
    expect(call(file, operation)).toMatchObject({ status: 0, stdout: '', stderr: '' });
});

test('the paths can be read back from a file of ours, and from no other', () => {
  const odd = { node: '/opt/my node', script: "/it's/hook.sh", config: '/etc/$x.yml' };
  const plain = { node: '/usr/bin/node', script: '/usr/lib/x/hook.sh', config: '/etc/x.yml' };
  for (const paths of [odd, plain]) expect(pathsOf(hookScript(paths))).toEqual(paths);
  expect(pathsOf('#!/bin/sh\nexit 0\n')).toBeUndefined();
  const lines = hookScript(plain).split('\n');
  for (const name of ['NODE', 'CONFIG', 'HOOK'])
    expect(pathsOf(lines.filter((line) => !line.startsWith(`LIBVIRT_VLAN_${name}=`)).join('\n'))).toBeUndefined();
});
