import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inferConfig } from '../../src/config/infer.ts';
import { parseSettings } from '../../src/config/load.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
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
  expect(inferConfig({ ...snapshot, vlans: { ok: false, error: 'bridge: no such program' } })).toEqual({
    text: undefined,
    leftOut: ['bridge: no such program'],
  });
});

function vnetCount({ domains }: Snapshot): number {
  return domains.ok ? domains.value.reduce((sum, domain) => sum + domain.interfaces.length, 0) : 0;
}
