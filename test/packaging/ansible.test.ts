// The Ansible role as far as it can be told without a host: what it makes of its variables, and what its files say. It runs in the lab
// (test/lab/host/by-name/ansible.ts).
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { runUninstall } from '../../src/cli/hook/uninstall.ts';
import type { HookFile } from '../../src/host/linux/hook-files.ts';

const ROLE = 'packaging/ansible/roles/libvirt_vlan_exporter';
const read = (path: string) => readFileSync(join(ROLE, path), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'vlan-ansible-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Folders of the role in which its variables are used. */
const USES = ['handlers', 'tasks', 'templates', 'vars'].flatMap((name) =>
  readdirSync(join(ROLE, name)).map((file) => `${name}/${file}`),
);

interface Option {
  readonly type?: string;
}
const options: Readonly<Record<string, Option>> = parse(read('meta/argument_specs.yml')).argument_specs.main.options;

describe('a boolean is converted wherever it is used: on the command line and in an INI inventory, false is a word, which is true', () => {
  const booleans = Object.keys(options).filter((name) => options[name]?.type === 'bool');
  test.each(booleans)('%s', (name) => {
    const uses = USES.flatMap((file) => [...read(file).matchAll(new RegExp(`\\b${name}\\b(?!_)(.{0,7})`, 'g'))]);
    expect(uses.length).toBeGreaterThan(0);
    for (const [, after] of uses) expect(after).toBe(' | bool');
  });
});

interface Task {
  readonly name: string;
  readonly notify?: string;
  readonly changed_when?: string;
  readonly 'ansible.builtin.command'?: { readonly creates?: string; readonly removes?: string };
  readonly 'ansible.builtin.meta'?: string;
}
const tasks: readonly Task[] = parse(read('tasks/configure.yml'));

// What was notified is forgotten where a later task fails, and the next run finds nothing to change.
test('what is notified is done before anything is tried that may well fail', () => {
  const at = (name: string) => tasks.findIndex((task) => task.name === name);
  expect(at('Put the web config in place')).toBeGreaterThanOrEqual(0);
  expect(at('Put the web config in place')).toBeLessThan(at('Put the config in place'));
  const notified = tasks.flatMap(({ notify }, i) => (notify === undefined ? [] : [i]));
  const flushed = tasks.flatMap((task, i) => (task['ansible.builtin.meta'] === 'flush_handlers' ? [i] : []));
  const hook = at('Install the hook');
  expect(flushed.filter((i) => i < hook).at(-1)).toBeGreaterThan(Math.max(...notified.filter((i) => i < hook)));
  expect(flushed.at(-1)).toBeGreaterThan(Math.max(...notified));
});

// A config on the host that is broken ends whoever is restarted by it, and the play with it.
test('the exporter is restarted when its config is there, the remediator before', () => {
  const at = (name: string) => tasks.findIndex((task) => task.name === name);
  const config = at('Put the config in place');
  expect(at("Put the exporter's options in place")).toBeGreaterThan(config);
  expect(at('Put it in force')).toBeGreaterThan(at("Put the exporter's options in place"));
  expect(at("Put the remediator's options in place")).toBeGreaterThanOrEqual(0);
  expect(at('Put the options in force')).toBeGreaterThan(at("Put the remediator's options in place"));
  expect(at('Put the options in force')).toBeLessThan(config);
  const restarts = tasks.slice(0, at('Put the options in force')).map(({ notify }) => notify);
  expect(restarts).not.toContain('Restart libvirt-vlan-exporter');
});

test('a hook that is there is not taken for one that is right', () => {
  const install = tasks.find(({ name }) => name === 'Install the hook');
  expect(install?.['ansible.builtin.command']?.creates).toMatch(/ if ansible_check_mode else omit /);
});

test('a hook that goes is looked for by what is in it, not by its name, and only where there was one is that a change', async () => {
  const remove = tasks.find(({ name }) => name === 'Remove the hook');
  expect(remove?.['ansible.builtin.command']?.removes).toMatch(/ if ansible_check_mode else omit /);
  const pattern = /stdout is search\('(.*)'\)/.exec(remove?.changed_when ?? '')?.[1];
  const uninstalled = async (kind: HookFile['kind']) => {
    const said: string[] = [];
    const stdout = vi.spyOn(process.stdout, 'write').mockImplementation((text) => said.push(String(text)) > 0);
    const file = { path: '/etc/libvirt/hooks/qemu', kind, executable: true, uid: 0, mode: 0o755, since: 0 };
    const installation = { files: [file], libvirt: undefined, exists: () => true };
    await runUninstall({ read: async () => installation, remove: () => {} });
    stdout.mockRestore();
    return said.join('');
  };
  expect(await uninstalled('ours')).toMatch(new RegExp(pattern ?? 'nothing'));
  expect(await uninstalled('other')).not.toMatch(new RegExp(pattern ?? ''));
});

test("the package's file does not lie where apt-get clean removes it", () => {
  expect(parse(read('vars/main.yml'))._libvirt_vlan_exporter_deb_path).not.toMatch(/^\/var\/cache\/apt\//);
});

describe('a handler reloads the units that run, and those alone', () => {
  // As systemd before 254 (Debian 12): what is masked or not there is refused, by try-* too.
  const SYSTEMCTL = `#!/bin/sh
verb=$1; shift; [ "$1" = --quiet ] && shift
for unit; do case " $ACTIVE " in *" $unit "*) ;; *) exit 3 ;; esac; done
[ "$verb" = is-active ] || echo "$verb $*"
`;
  interface Handler {
    readonly name: string;
    readonly 'ansible.builtin.shell'?: { readonly cmd: string };
    readonly 'ansible.builtin.command'?: { readonly cmd: string };
  }
  const handlers: readonly Handler[] = parse(read('handlers/main.yml'));

  /** What systemctl was told while only these units ran. */
  function handled(name: string, active: readonly string[]) {
    const handler = handlers.find((candidate) => candidate.name === name);
    const { cmd = '' } = handler?.['ansible.builtin.shell'] ?? handler?.['ansible.builtin.command'] ?? {};
    writeFileSync(join(folder, 'systemctl'), SYSTEMCTL, { mode: 0o755 });
    const env = { PATH: `${folder}:${process.env.PATH}`, ACTIVE: active.join(' ') };
    const { status, stdout } = spawnSync('/bin/sh', ['-c', cmd], { env, encoding: 'utf8' });
    return { status, told: stdout.split('\n').filter(Boolean) };
  }

  test.each([
    ['Reload libvirt-vlan-exporter', 'libvirt-vlan-exporter.service', 'libvirt-vlan-remediator.service'],
    ['Reload libvirt', 'libvirtd.service', 'virtqemud.service'],
  ])('%s', (name, one, other) => {
    expect(handled(name, [])).toEqual({ status: 0, told: [] });
    expect(handled(name, [one])).toEqual({ status: 0, told: [`reload ${one}`] });
    expect(handled(name, [other])).toEqual({ status: 0, told: [`reload ${other}`] });
    expect(handled(name, [one, other])).toEqual({ status: 0, told: [`reload ${one}`, `reload ${other}`] });
  });
});

const noAnsible = spawnSync('ansible-playbook', ['--version']).error !== undefined;

describe.skipIf(noAnsible)('what it writes', () => {
  // Each is a host of one play, so that Ansible starts once.
  const HOSTS: Readonly<Record<string, string>> = {
    words: 'remediator_dry_run=false web_enable_lifecycle=false',
    asked: 'remediator_dry_run=true web_enable_lifecycle=true',
    two: `web_listen_address='[":19177", "127.0.0.1:19178"]'`,
    one: `web_listen_address='["127.0.0.1:19178"]'`,
    preset: `web_listen_address='[":19177"]'`,
  };
  let said: readonly string[];
  /** The line of the options in /etc/default of a host's exporter or remediator. */
  const written = (host: string, name: string) =>
    said.find((text) => text.startsWith(`${host} ${name}\n`))?.match(/^ARGS=.*$/m)?.[0];

  beforeAll(() => {
    const hosts = Object.entries(HOSTS).map(
      ([host, variables]) => `${host} ${variables.replaceAll(/(^| )(?=\w+=)/g, '$1libvirt_vlan_exporter_')}\n`,
    );
    writeFileSync(join(folder, 'hosts'), hosts.join(''));
    // As in a role, presets are less than the inventory.
    mkdirSync(join(folder, 'group_vars'));
    writeFileSync(join(folder, 'group_vars/all.yml'), read('defaults/main.yml'));
    const tasks = ['exporter', 'remediator'].map(
      (name) =>
        `    - debug: {msg: "{{ inventory_hostname }} ${name}\\n{{ lookup('template', '${resolve(ROLE)}/templates/${name}.default.j2') }}"}\n`,
    );
    writeFileSync(
      join(folder, 'play.yml'),
      `- hosts: all
  gather_facts: false
  vars_files: [${resolve(ROLE, 'vars/main.yml')}]
  tasks:
${tasks.join('')}`,
    );
    const { status, stdout, stderr } = spawnSync('ansible-playbook', ['-i', 'hosts', 'play.yml'], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, ANSIBLE_LOCAL_TEMP: folder },
    });
    if (status !== 0) throw new Error(stdout + stderr);
    said = [...stdout.matchAll(/"msg": (".*")/g)].map(([, text = '']) => JSON.parse(text) as string);
  }, 300_000);

  test('false as a word is false, true as a word is true', () => {
    expect(written('words', 'remediator')).toBe('ARGS=""');
    expect(written('words', 'exporter')).toBe('ARGS=""');
    expect(written('asked', 'remediator')).toBe('ARGS="--dry-run"');
    expect(written('asked', 'exporter')).toBe('ARGS="--web.enable-lifecycle"');
  });

  test('each address to listen on, unless the only one is the preset', () => {
    expect(written('two', 'exporter')).toBe('ARGS="--web.listen-address=:19177 --web.listen-address=127.0.0.1:19178"');
    expect(written('one', 'exporter')).toBe('ARGS="--web.listen-address=127.0.0.1:19178"');
    expect(written('preset', 'exporter')).toBe('ARGS=""');
  });
});
