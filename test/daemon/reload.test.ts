import { expect, test } from 'vitest';
import { parseSettings } from '../../src/config/load.ts';
import type { Settings } from '../../src/config/settings.ts';
import { reloadSettings } from '../../src/daemon/reload.ts';

function reload(load: () => Settings) {
  const lines: string[] = [];
  const write = (level: string) => (fields: object, text: string) =>
    void lines.push(`${level} ${text}${'problem' in fields ? `: ${fields.problem}` : ''}`);
  const log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  const applied: Settings[] = [];
  const problem = reloadSettings(load, (settings) => void applied.push(settings), log);
  return { problem, lines, applied };
}

test('a config is put in force, and one that names no bridge is warned of', () => {
  const settings = parseSettings('bridges: {br0: {vlans: [10], pvid: 1}}\n', 'config.yml');
  expect(reload(() => settings)).toEqual({ problem: undefined, lines: ['info config reloaded'], applied: [settings] });
  const none = parseSettings('bridges: {}\n', 'config.yml');
  expect(reload(() => none).lines).toEqual([
    'info config reloaded',
    'warn the config names no bridge: nothing is watched',
  ]);
});

test('a bad one is refused and told', () => {
  const { problem, lines, applied } = reload(() => parseSettings('bridges: 7\n', 'config.yml'));
  expect(problem).toMatch(/^config\.yml:1:10: bridges: /);
  expect(lines).toEqual([`error config refused, the last good one stays in force: ${problem}`]);
  expect(applied).toEqual([]);
});
