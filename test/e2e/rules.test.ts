// What Prometheus' and Alertmanager's own tools say of the files of alerts/.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { alertRules } from '../alerts/rules-file.ts';

const ALERTS = new URL('../../alerts/', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'vlan-e2e-'));
afterAll(() => rmSync(folder, { recursive: true }));

function run(command: string, ...args: readonly string[]) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: ALERTS, encoding: 'utf8' });
  if (error) throw error;
  return { status, text: stdout + stderr };
}

describe('promtool', () => {
  it('finds nothing in the rules, even as a linter', () => {
    const { status, text } = run('promtool', 'check', 'rules', '--lint=all', '--lint-fatal', 'libvirt-vlan.rules.yml');
    expect(text).toMatch(/SUCCESS: \d+ rules found/);
    expect(status).toBe(0);
  });

  it('accepts the example of a Prometheus', () => {
    expect(run('promtool', 'check', 'config', 'prometheus.example.yml')).toMatchObject({ status: 0 });
  });

  it.each(['cases', 'together', 'texts', 'recording'])('passes %s.test.yml', (name) => {
    const { status, text } = run('promtool', 'test', 'rules', `tests/${name}.test.yml`);
    expect(text).toContain('SUCCESS');
    expect(status).toBe(0);
  });

  // The cases are worth something only if they fail when the rules are worse. (An alert on a range has a memory of its own.)
  it.each([
    ['keep_firing_for', /^ *keep_firing_for:.*\n/gm, '', alertRules.filter((rule) => rule.keep_firing_for)],
    ['for', /^( *)for: .*$/gm, '$1for: 0s', alertRules.filter((rule) => rule.for !== '0s' && rule.keep_firing_for)],
  ])('sees in every case that `%s` is missing', (_, setting, instead, concerned) => {
    writeFileSync(
      join(folder, 'rules.yml'),
      readFileSync(`${ALERTS}libvirt-vlan.rules.yml`, 'utf8').replace(setting, instead),
    );
    const cases = readFileSync(`${ALERTS}tests/cases.test.yml`, 'utf8').replace(
      '../libvirt-vlan.rules.yml',
      'rules.yml',
    );
    writeFileSync(join(folder, 'cases.test.yml'), cases);
    const { text } = run('promtool', 'test', 'rules', join(folder, 'cases.test.yml'));
    const failed = new Set([...text.matchAll(/alertname=\\"(\w+)\\"/g)].map(([, name]) => name));
    expect([...failed].sort()).toEqual([...new Set(concerned.map((rule) => rule.alert))].sort());
  });
});

describe('amtool', () => {
  it('accepts the example of an Alertmanager', () => {
    expect(run('amtool', 'check-config', 'alertmanager.example.yml')).toMatchObject({ status: 0 });
  });

  it.each([
    ['critical', 'pager'],
    ['warning', 'queue'],
    ['info', 'queue'],
  ])('routes severity %s to the %s', (severity, receiver) => {
    const { status, text } = run(
      'amtool',
      'config',
      'routes',
      'test',
      '--config.file=alertmanager.example.yml',
      `--verify.receivers=${receiver}`,
      'alertname=LibvirtVlanAny',
      `severity=${severity}`,
    );
    expect(status, text).toBe(0);
  });

  it('routes no alert of others to the pager', () => {
    const labels = ['alertname=DiskFull', 'severity=critical'];
    const { text } = run('amtool', 'config', 'routes', 'test', '--config.file=alertmanager.example.yml', ...labels);
    expect(text.split('\n')[0]).toBe('queue');
  });

  it('routes every alert: what puts traffic on a wrong VLAN, or cuts it off, to the pager, the rest to the queue', () => {
    const paged = alertRules.filter(({ labels, alert }) => {
      const labelled = [`alertname=${alert}`, ...Object.entries(labels).map(([name, value]) => `${name}=${value}`)];
      return (
        run('amtool', 'config', 'routes', 'test', '--config.file=alertmanager.example.yml', ...labelled).text.split(
          '\n',
        )[0] === 'pager'
      );
    });
    expect(paged.map((rule) => rule.alert)).toEqual([
      'LibvirtVlanPvidWrong',
      'LibvirtVlanHostVlanMissing',
      'LibvirtVlanBridgeNotFiltering',
      'LibvirtVlanBridgeMissing',
    ]);
  });
});
