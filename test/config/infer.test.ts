import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inferConfig } from '../../src/config/infer.ts';
import { parseSettings } from '../../src/config/load.ts';
import type { Bridge, Snapshot } from '../../src/model/snapshot.ts';
import { parseTable } from '../../src/model/vlan.ts';
import { evaluate } from '../../src/policy/evaluate.ts';
import { DEMANDABLE, ODD, wellSnapshot } from '../support/snapshots.ts';

test('the proposal is valid and makes the host as it is compliant, without a finding', () => {
  fc.assert(
    fc.property(wellSnapshot(), (snapshot) => {
      const { text, leftOut } = inferConfig(snapshot);
      const { policy } = parseSettings(text ?? '', 'proposal');
      const report = evaluate(snapshot, policy);
      expect({ text, findings: report.bridges.flatMap((bridge) => bridge.findings) }).toEqual({ text, findings: [] });
      expect(report.bridges.reduce((sum, bridge) => sum + bridge.vnets.length, 0)).toBe(vnetCount(snapshot));
      expect(leftOut.filter((line) => !line.endsWith('no vnet to learn from'))).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

test('each vnet whose table no policy can demand is left out by name, and no other fails the proposal', () => {
  fc.assert(
    fc.property(wellSnapshot([...DEMANDABLE, ...ODD]), (snapshot) => {
      const { text, leftOut } = inferConfig(snapshot);
      if (text === undefined) return;
      const report = evaluate(snapshot, parseSettings(text, 'proposal').policy);
      const drifted = report.bridges.flatMap((b) =>
        b.vnets.filter((v) => v.verdict !== 'compliant').map((v) => v.vnet),
      );
      for (const vnet of drifted) expect(leftOut.join('\n')).toContain(`: ${vnet} of `);
    }),
    { numRuns: 300 },
  );
});

test('the order of ports and domains does not matter', () => {
  fc.assert(
    fc.property(wellSnapshot(), (snapshot) => {
      const { links, domains } = snapshot;
      if (!links.ok || !domains.ok) return;
      const turned: Snapshot = {
        ...snapshot,
        links: { ok: true, value: links.value.map((bridge) => ({ ...bridge, ports: [...bridge.ports].reverse() })) },
        domains: { ok: true, value: [...domains.value].reverse() },
      };
      expect(inferConfig(turned).text).toBe(inferConfig(snapshot).text);
    }),
  );
});

test('a part that could not be read gives no proposal, and the reason', () => {
  const [snapshot] = fc.sample(wellSnapshot(), 1);
  if (!snapshot) throw new Error('no sample');
  const error = 'bridge: no such program';
  for (const part of ['links', 'vlans', 'domains'])
    expect(inferConfig({ ...snapshot, [part]: { ok: false, error } })).toEqual({ text: undefined, leftOut: [error] });
});

function vnetCount({ domains }: Snapshot): number {
  return domains.ok ? domains.value.reduce((sum, domain) => sum + domain.interfaces.length, 0) : 0;
}

const oneVnet = (text: string, change: Partial<Bridge> = {}): Snapshot => ({
  takenAt: 1,
  links: {
    ok: true,
    value: [
      {
        name: 'br0',
        vlanFiltering: true,
        defaultPvid: 1,
        ports: [{ name: 'vnet1', mac: 'fe:54:00:00:00:01', tap: true }],
        ...change,
      },
    ],
  },
  vlans: {
    ok: true,
    value: new Map([
      ['vnet1', parseTable(text)],
      ['eno1', parseTable('1-20')],
    ]),
  },
  domains: {
    ok: true,
    value: [
      {
        name: 'web',
        uuid: undefined,
        state: 'running',
        interfaces: [{ mac: '52:54:00:00:00:01', target: 'vnet1', bridge: 'br0', skipped: undefined }],
      },
    ],
  },
  collectors: [],
});

test('a bridge that does not filter is not proposed', () => {
  const ports = [1, 2].map((last) => ({ name: `vnet${last}`, mac: `fe:54:00:00:00:0${last}`, tap: true }));
  expect(inferConfig(oneVnet('10*', { vlanFiltering: false, ports }))).toEqual({
    text: undefined,
    leftOut: ['br0: does not filter VLANs'],
  });
});

test('of a bridge of which it could not be read whether it filters, just that is said', () => {
  const leftOut = ['br0: whether it filters VLANs could not be read'];
  expect(inferConfig(oneVnet('10*', { vlanFiltering: undefined }))).toEqual({ text: undefined, leftOut });
});

test('an uplink that carries all VLANs in use is proposed, one that lacks some is a comment', () => {
  const ports = [
    { name: 'eno1', mac: undefined, tap: false },
    { name: 'eno2', mac: undefined, tap: false },
    { name: 'vnet1', mac: 'fe:54:00:00:00:01', tap: true },
  ];
  const said = (table: string) => inferConfig(oneVnet(table, { ports })).text?.match(/uplinks: .*|# eno.*/g);
  expect(said('10*')).toEqual(['uplinks: [eno1]', '# eno2 is no uplink here: it lacks VLANs in use']);
  expect(said('30*')).toEqual(['eno1', 'eno2'].map((name) => `# ${name} is no uplink here: it lacks VLANs in use`));
});

test('where every vnet is left out, each is named', () => {
  expect(inferConfig(oneVnet('10u 20')).leftOut.join('\n')).toContain('vnet1 of web');
  const none = 'br0: no vnet to learn from';
  expect(inferConfig({ ...oneVnet('10*'), vlans: { ok: true, value: new Map() } }).leftOut).toEqual([
    'br0: vnet1 of web: it has no VLAN at all',
    none,
  ]);
  const glob = oneVnet('10*');
  const value = glob.domains.ok ? glob.domains.value.map((domain) => ({ ...domain, name: 'web*' })) : [];
  expect(inferConfig({ ...glob, domains: { ok: true, value } }).leftOut).toEqual([
    'br0: vnet1 of web*: its name would be a glob',
    none,
  ]);
});

test('a trunk is proposed as a range', () => {
  const { text } = inferConfig(oneVnet('1-99 100* 101-4094'));
  expect(text).toContain('vlans: [1-99, 101-4094]\n    pvid: 100');
});

test('taps whose domain is not known, and domains that are not understood, are told', () => {
  const snapshot = oneVnet('10*', {
    ports: [
      { name: 'vnet1', mac: 'fe:54:00:00:00:01', tap: true },
      { name: 'vnet2', mac: 'fe:54:00:00:00:02', tap: true },
      { name: 'eno1', mac: undefined, tap: false },
    ],
  });
  const broken = { name: 'db', uuid: undefined, state: 'unknown', problem: 'db.xml: broken', interfaces: [] } as const;
  const value = snapshot.domains.ok ? [...snapshot.domains.value, broken] : [];
  const { text, leftOut } = inferConfig({ ...snapshot, domains: { ok: true, value } });
  expect(text).toContain('pvid: 10');
  expect(leftOut).toEqual(['br0: vnet2: its domain is not known, so no rule is proposed for it', 'db.xml: broken']);
});
