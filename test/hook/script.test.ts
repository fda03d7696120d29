import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hookScript, pathsOf } from '../../src/hook/script.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hook it's "));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** As sh(1) reads it. */
const quoted = (path: string) => `'${path.replaceAll("'", "'\\''")}'`;

/**
 * Installs the script with a stand-in for node that notes its call, writes to stdout, and gives `answer`, if any, where it is
 * asked for one. `after`: what it does then.
 */
function install({ answer = '0', config = '', shell = 'sh', after = '' } = {}) {
  const paths = { node: join(folder, 'node'), program: join(folder, 'main.js'), config: join(folder, 'config.yml') };
  const called = quoted(join(folder, 'called'));
  writeFileSync(
    paths.node,
    `#!/bin/sh\necho printed\n{ echo "$*"; echo "$LIBVIRT_VLAN_CONFIG"; cat; } >${called}.new; mv ${called}.new ${called}\n` +
      `if [ "$2" = answer ]; then ${answer && `echo ${answer} >&3;`} exec 3>&-; ${after} fi\nexit 1\n`,
  );
  chmodSync(paths.node, 0o755);
  writeFileSync(paths.config, config);
  const script = join(folder, 'script');
  writeFileSync(script, hookScript(paths, folder));
  return {
    paths,
    /** As libvirt: waits until it has ended and its stdout and stderr are closed. */
    call: (operation: string) =>
      spawnSync(shell, [script, 'web-1', operation, 'begin', '-'], { input: '<domain/>', encoding: 'utf8' }),
  };
}

const called = () => (existsSync(join(folder, 'called')) ? readFileSync(join(folder, 'called'), 'utf8') : undefined);
const waiting = () => join(folder, 'start.web-1');

// Debian's sh is dash, that of others bash.
describe.each(['dash', 'bash'])('%s', (shell) => {
  test('it is a valid script', () => {
    const { paths } = install();
    execFileSync(shell, ['-n'], { input: hookScript(paths) });
  });

  test('at start it hands arguments, config and XML on, and nothing of its stdout to libvirt', () => {
    const { paths, call } = install({ shell });
    expect(call('start')).toMatchObject({ status: 0, stdout: '', stderr: '' });
    expect(called()).toBe(`${paths.program} answer web-1 start begin -\n${paths.config}\n<domain/>`);
  });

  test('at start what an earlier start has left is removed', () => {
    const { call } = install({ shell });
    writeFileSync(waiting(), `${process.pid}\nstopped\n`);
    expect(call('start')).toMatchObject({ status: 0, stdout: '', stderr: '' });
    expect(existsSync(waiting())).toBe(false);
  });

  test('called without a stdin it is no failure, which would kill the VM at reconnect', () => {
    install({ shell });
    const script = quoted(join(folder, 'script'));
    for (const operation of ['start', 'reconnect', 'prepare'])
      execFileSync(shell, ['-c', `${shell} ${script} web-1 ${operation} begin - <&-`], { stdio: 'pipe' });
  });

  test('at start the answer counts, not the end: libvirt does not wait for what the process does afterwards', () => {
    const fifo = join(folder, 'fifo');
    execFileSync('mkfifo', [fifo]);
    const { call } = install({ shell, answer: '1', after: `cat ${quoted(fifo)} >/dev/null;` });
    expect(call('start')).toMatchObject({ status: 1, stdout: '', stderr: '' });
    // It is still there, and reads: else this would not end.
    writeFileSync(fifo, 'go on');
  });

  test('the answers are exit statuses', () => {
    for (const answer of ['0', '1']) expect(install({ shell, answer }).call('start').status).toBe(Number(answer));
  });

  test('a hook that gives no answer, or is not there at all, does not keep the VM from starting', () => {
    const { call } = install({ shell, answer: '' });
    writeFileSync(join(folder, 'code'), 'what V8 compiled');
    expect(call('start').status).toBe(0);
    expect(existsSync(join(folder, 'code'))).toBe(false);
    rmSync(join(folder, 'node'));
    expect(call('start').status).toBe(0);
  });

  test('it does with fail_closed, but at start only', () => {
    const { call } = install({ shell, answer: '', config: 'hook:\n  fail_closed: true\n' });
    const operations = ['start', 'started', 'reconnect', 'stopped'];
    expect(operations.map((operation) => call(operation).status)).toEqual([1, 0, 0, 0]);
    const open = install({ shell, answer: '', config: 'hook:\n  # fail_closed: true\n' });
    expect(open.call('start').status).toBe(0);
  });

  test.each(['started', 'stopped', 'release'])(
    'at %s the process of start, if it is there, has a word',
    (operation) => {
      const { call } = install({ shell });
      writeFileSync(waiting(), `${process.pid}\n`);
      expect(call(operation)).toMatchObject({ status: 0, stdout: '', stderr: '' });
      expect(readFileSync(waiting(), 'utf8')).toBe(`${process.pid}\n${operation}\n`);
      expect(called()).toBeUndefined();
    },
  );

  test.each(['started', 'reconnect'])(
    'at %s, with no such process, libvirt does not wait, yet the XML arrives',
    async (operation) => {
      const { paths, call } = install({ shell });
      // Of one that is no more; Linux gives no process this id.
      writeFileSync(waiting(), '4194305\n');
      expect(call(operation)).toMatchObject({ status: 0, stdout: '' });
      await expect
        .poll(called, { timeout: 20_000 })
        .toBe(`${paths.program} hook web-1 ${operation} begin -\n${paths.config}\n<domain/>`);
    },
    30_000,
  );
});

test('at other operations node is not started', () => {
  const { call } = install();
  for (const operation of ['prepare', 'stopped', 'release', 'migrate', '', '*']) expect(call(operation).status).toBe(0);
  expect(called()).toBeUndefined();
});

test('the paths can be read back from a script, and from no other', () => {
  const { paths } = install();
  expect(pathsOf(hookScript(paths))).toEqual(paths);
  const plain = { node: '/usr/bin/node', program: '/usr/lib/x/main.js', config: '/etc/x.yml' };
  expect(pathsOf(hookScript(plain))).toEqual(plain);
  expect(pathsOf('#!/bin/sh\nexit 0\n')).toBeUndefined();
});
