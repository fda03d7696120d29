// The sentences and words that page, check and doctor share.
import { expect, test } from 'vitest';
import type { Report, Unknown, Verdict } from '../../src/model/report.ts';
import { headline, summarize, titleOf, toneOf } from '../../src/report/summary.ts';
import { commandsFor, count, idOf, macvtapSentence, portlessOn, subjectOf, thousands } from '../../src/report/words.ts';
import { bridge, report, vnet } from './example.ts';

const FINDING = {
  reason: 'pvid_wrong',
  bridge: 'br-mgmt',
  domain: 'a b',
  vnet: 'vnet0',
  expected: 'PVID 100',
  actual: 'PVID 1',
} as const;
const UNKNOWN: Unknown = { kind: 'domain', name: 'a', problem: 'why' };

function host(verdicts: readonly Verdict[], findings = 0, unknowns: readonly Unknown[] = []): Report {
  const vnets = verdicts.map((verdict, i) => vnet({ domain: 'a', vnet: `vnet${i}`, verdict }));
  return { ...report(bridge({ vnets, findings: Array(findings).fill(FINDING) })), unknowns };
}

test.each<[Report | undefined, string, string, string]>([
  [undefined, 'unknown', 'No audit yet', '? h'],
  [report(), 'unknown', 'No bridge is watched: the config names none', '? h'],
  [host([]), 'ok', 'No vnets', '✓ h'],
  [host(['compliant']), 'ok', 'The vnet is compliant', '✓ h'],
  [host(['compliant', 'compliant']), 'ok', 'All 2 vnets are compliant', '✓ h'],
  [host(Array(1000).fill('compliant')), 'ok', 'All 1,000 vnets are compliant', '✓ h'],
  [host(['drifted'], 3), 'drift', '1 of 1 vnet has drifted', '1 drifted · h'],
  [host(['drifted', 'drifted', 'unknown'], 2, [UNKNOWN]), 'drift', '2 of 3 vnets have drifted', '2 drifted · h'],
  [host(['compliant'], 1), 'drift', '1 finding, none on a matched vnet', '1 finding · h'],
  [host(['unknown'], 2, [UNKNOWN]), 'drift', '2 findings, none on a matched vnet', '2 findings · h'],
  [host(['unknown', 'compliant'], 0, [UNKNOWN]), 'unknown', '1 of 2 vnets cannot be judged', '? h'],
  [host(['compliant'], 0, [UNKNOWN]), 'unknown', '1 vnet compliant, but not all could be read', '? h'],
  [host([], 0, [UNKNOWN]), 'unknown', 'Cannot tell', '? h'],
])('a host is said in one tone, one sentence and one title: %#', (of, tone, sentence, title) => {
  const summary = of && summarize(of);
  expect([toneOf(summary), headline(of), titleOf(summary, 'h')]).toEqual([tone, sentence, title]);
});

test('a finding that stands on a vnet is not said to stand on none, though its VLANs are not known', () => {
  const vnets = [vnet({ domain: 'a b', vnet: 'vnet0', actual: undefined, verdict: 'unknown', findings: [FINDING] })];
  expect(headline(report(bridge({ vnets, findings: [FINDING] })))).toBe('1 finding');
});

test('all bridges are added up', () => {
  const { bridges: of } = host(['compliant', 'drifted', 'unknown'], 2);
  expect(summarize({ ...host([], 0, [UNKNOWN]), bridges: [...of, ...of] })).toEqual({
    bridges: 2,
    vnets: 6,
    compliant: 2,
    drifted: 2,
    unknown: 2,
    findings: 4,
    unknowns: 1,
  });
});

test('numbers and subjects have their words', () => {
  expect([0, 1, 2, 1000].map((n) => count(n, 'vnet'))).toEqual(['0 vnets', '1 vnet', '2 vnets', '1,000 vnets']);
  expect([999, 1_234_567].map(thousands)).toEqual(['999', '1,234,567']);
  expect(subjectOf({ kind: 'vlans', name: undefined, problem: '' })).toBe('vlans');
  expect(subjectOf({ kind: 'taps', name: 'br0', problem: '' })).toBe('taps of br0');
  expect(subjectOf(UNKNOWN)).toBe('domain a');
  expect(idOf('f', 'a b\tc', undefined, 'vnet0')).toBe('f/a_b_c//vnet0');
});

test('a finding’s commands are words of a shell; a plan is offered where there is one, of a domain', () => {
  expect(commandsFor(FINDING)).toEqual(['bridge vlan show dev vnet0', "libvirt-vlan-exporter plan 'a b'"]);
  expect(commandsFor({ ...FINDING, domain: undefined })).toEqual(['bridge vlan show dev vnet0']);
  expect(commandsFor({ ...FINDING, reason: 'filtering_off' })).toEqual([
    'cat /sys/class/net/br-mgmt/bridge/vlan_filtering',
  ]);
});

test('macvtap on a bridge itself is told by its name, or by its MAC where it has none', () => {
  const on = (device: string, target: string | undefined) =>
    ({ domain: 'a', mac: '52:54:00:00:00:01', kind: 'macvtap', target, device }) as const;
  const past = portlessOn('br0', [on('br0', 'macvtap0'), on('eno1', 'macvtap1'), on('br0', undefined)]);
  expect(macvtapSentence('br0', past)).toBe(
    "macvtap on br0 itself, which no port's VLANs hold: a (macvtap0), a (52:54:00:00:00:01)",
  );
});
