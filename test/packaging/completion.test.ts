// Completion by bash itself, asked as readline asks: the words so far, and which of them the cursor is in.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { renderBash, renderFish, renderZsh } from '../../packaging/completion.ts';
import { declared, leaves } from '../../packaging/declared.ts';
import { createProgram } from '../../src/cli/program.ts';

const program = declared(createProgram());
const folder = mkdtempSync(join(tmpdir(), 'completion-'));
afterAll(() => rmSync(folder, { recursive: true }));
mkdirSync(join(folder, 'run/libvirt/qemu'), { recursive: true });
mkdirSync(join(folder, 'etc/libvirt/qemu'), { recursive: true });
const NAMES = ['web 1', 'web-2', 'db; touch hacked', 'a$(touch hacked)b'];
for (const name of NAMES) writeFileSync(join(folder, `run/libvirt/qemu/${name}.xml`), '');
writeFileSync(join(folder, 'etc/libvirt/qemu/stopped.xml'), '');
const script = renderBash(program)
  .replaceAll('/run/libvirt', `${folder}/run/libvirt`)
  .replaceAll('/etc/libvirt/qemu', `${folder}/etc/libvirt/qemu`);
writeFileSync(join(folder, 'bash'), script);

function complete(...words: readonly string[]): readonly string[] {
  const ask = `compopt() { :; }; . "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _libvirt_vlan_exporter; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['-c', ask, join(folder, 'bash'), 'libvirt-vlan-exporter', ...words], {
    encoding: 'utf8',
    cwd: folder,
  });
  expect(stderr).toBe('');
  return stdout.split('\n').filter(Boolean);
}

test('commands, and the commands below them', () => {
  expect(complete('se')).toEqual(['serve']);
  expect(complete('hook', 'u')).toEqual(['uninstall']);
});

test('options, and what may stand for their value', () => {
  expect(complete('check', '--fo')).toEqual(['--format']);
  expect(complete('check', '--format', '')).toEqual(['table', 'json']);
  expect(complete('check', '--format', '=', 'j')).toEqual(['json']);
  expect(complete('check', '--config.file', 'ba')).toEqual(['bash']);
});

test('a file where a file is wanted, under whatever name; a path of a URL is none', () => {
  expect(complete('config', 'check', '--web', 'ba')).toEqual(['bash']);
  expect(complete('check', '--from', 'ba')).toEqual(['bash']);
  expect(complete('serve', '--web.telemetry-path', 'ba')).toEqual([]);
  const [zsh, fish] = [renderZsh(program), renderFish(program)];
  expect(zsh).toMatch(/--web=\[.*\]:file:_files'/);
  expect(zsh).toMatch(/--from=\[.*\]:snapshot:_files'/);
  expect(zsh).toMatch(/--web\.telemetry-path=\[.*\]:url-path: '/);
  expect(fish).toMatch(/ -l web -r -F /);
  expect(fish).toMatch(/ -l from -r -F /);
  expect(fish).toMatch(/ -l web\.telemetry-path -x /);
});

test('fish tells check from config check', () => {
  const when = (words: string) => `-n '${words}' -l format`;
  expect(renderFish(program)).toContain(
    when('__fish_seen_subcommand_from check; and not __fish_seen_subcommand_from hook config'),
  );
  expect(renderFish(program)).toContain(
    "-n '__fish_seen_subcommand_from config; and __fish_seen_subcommand_from check; and not __fish_seen_subcommand_from hook' -l web ",
  );
});

test("domains by the names of libvirt's files, those with odd characters quoted for the shell", () => {
  expect(complete('check', 'web')).toEqual(['web\\ 1', 'web-2']);
  expect(complete('check', 'web-2', 's')).toEqual(['stopped']);
  expect(complete('check', 'db')).toEqual(['db\\;\\ touch\\ hacked']);
  expect(complete('check', 'a')).toEqual(['a\\$\\(touch\\ hacked\\)b']);
  expect(complete('serve', 'web')).toEqual([]);
  expect(complete('no-such-folder', 'hacked')).toEqual([]);
});

test('zsh and fish have every command and every option', () => {
  const [zsh, fish] = [renderZsh(program), renderFish(program)];
  for (const { path, options } of leaves(program)) {
    expect(zsh).toContain(`_${['libvirt-vlan-exporter', ...path].join('-')}() {`);
    for (const { name } of options) {
      expect(zsh).toContain(name);
      expect(fish).toContain(` -l ${name.slice(2)} `);
    }
  }
});
