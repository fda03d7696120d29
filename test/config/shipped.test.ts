// The shipped config against the incident report: its VLANs, and its list of VMs as the original hook has it.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { renderJsonSchema } from '../../src/config/json-schema.ts';
import { parseSettings } from '../../src/config/load.ts';
import { formatTable } from '../../src/model/vlan.ts';
import { expect as expectationOf } from '../../src/policy/expect.ts';
import { subject } from '../support/subject.ts';
import { defaultConfigText } from './shipped.ts';

const listed = readFileSync(new URL('pvid100-vms.txt', import.meta.url), 'utf8')
  .trim()
  .split(/\s+/);
const [bridge, ...others] = parseSettings(defaultConfigText(), 'config.yml').policy.bridges;
if (!bridge) throw new Error('no bridge');

test('it watches br-mgmt alone', () => {
  expect([bridge.name, others]).toEqual(['br-mgmt', []]);
});

test('the rule pvid100 names the 27 VMs of the report, and no other', () => {
  expect(listed).toHaveLength(27);
  expect(bridge.rules.map(({ name, domains }) => [name, domains])).toEqual([['pvid100', [...listed].sort()]]);
});

test.each(listed)('%s gets the VLANs of the report and PVID 100', (domain) => {
  const { rule, table } = expectationOf(bridge, subject({ name: domain }));
  expect([rule, formatTable(table)]).toEqual(['pvid100', '10 20 30 40 100* 110 120']);
});

test.each(['vyos-03', 'VYOS-01', 'xvyos-01', 'ipsk-mgr-02', 'web'])('%s, not listed, gets PVID 1', (domain) => {
  const { rule, table } = expectationOf(bridge, subject({ name: domain }));
  expect([rule, formatTable(table)]).toEqual(['default', '1* 10 20 30 40 100 110 120']);
});

test('what it says on top of the presets is the policy alone: every other key stands at its preset', () => {
  const { bridges, ...rest } = parse(defaultConfigText());
  const { properties } = JSON.parse(renderJsonSchema());
  for (const [key, value] of Object.entries(rest)) {
    if (typeof value === 'string') expect(value).toBe(properties[key].default);
    else {
      const presets = Object.entries(properties[key].properties).map(([k, v]) => [
        k,
        (v as { default: unknown }).default,
      ]);
      expect({ [key]: value }).toEqual({ [key]: Object.fromEntries(presets) });
    }
  }
  expect(Object.keys(rest).sort()).toEqual(
    Object.keys(properties)
      .filter((key) => key !== 'bridges')
      .sort(),
  );
  expect(bridges['br-mgmt'].unexpected).toBe('report');
});

test('each key of the schema stands in it, be it in a comment', () => {
  const keys = [
    ...JSON.stringify(JSON.parse(renderJsonSchema())).matchAll(
      /"([a-z_]+)":\{[^{}]*(?:\{[^{}]*\}[^{}]*)*"description"/g,
    ),
  ];
  expect(keys.length).toBeGreaterThan(10);
  for (const [, key] of keys) expect(defaultConfigText()).toMatch(new RegExp(`^[ #-]*${key}:`, 'm'));
});
