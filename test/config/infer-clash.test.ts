// Proposals for hosts on which two things do not go together: none is at once not compliant, but where it says so.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inferConfig } from '../../src/config/infer.ts';
import { parseSettings } from '../../src/config/load.ts';
import { evaluate } from '../../src/policy/evaluate.ts';
import { lawRuns } from '../support/law-runs.ts';
import { type Nic, snapshotOf } from '../support/nics.ts';

/** The proposal, what it left out, and what is wrong with the host by it. */
function proposed(...nics: readonly Nic[]) {
  const snapshot = snapshotOf(...nics);
  const { text = '', leftOut } = inferConfig(snapshot);
  const report = evaluate(snapshot, parseSettings(text || 'bridges: {}', 'proposal').policy);
  return { text, leftOut, findings: report.bridges.flatMap(({ findings }) => findings) };
}

const PLAIN: readonly Nic[] = ['a', 'b'].map((domain) => ({ domain, table: '10 20' }));

test('an uplink that lacks what a VM asks for by <vlan> is not proposed, but a comment', () => {
  const by = (table: string) =>
    proposed(...PLAIN, { domain: 'c', table: '300*', tag: '300' }, { domain: 'host', table, uplink: true });
  expect(by('10 20')).toMatchObject({ findings: [], leftOut: [] });
  expect(by('10 20').text).toContain('    # eno3 is no uplink here: it lacks VLANs in use\n');
  expect(by('10 20').text).not.toContain('uplinks:');
  expect(by('10 20 300').text).toContain('    uplinks: [eno3]\n');
});

test('a vnet with the MAC of one that says by <vlan> what it wants has no rule, and that is told where it needs one', () => {
  const twins = (table: string, tag: string) =>
    proposed(...PLAIN, { domain: 'c', table, mac: 9 }, { domain: 'c', table: `${tag}*`, tag, mac: 9 });
  const { text, leftOut, findings } = twins('100*', '30');
  expect(text).not.toContain('rules');
  expect(leftOut).toEqual([
    'br0: two vnets of c have the MAC 52:54:00:00:00:09 and differ, one by <vlan>: no rule is proposed for the other',
  ]);
  expect(new Set(findings.map(({ vnet }) => vnet))).toEqual(new Set(['vnet2']));
  expect(twins('30*', '30')).toMatchObject({ leftOut: [], findings: [] });
  expect(twins('10 20', '30')).toMatchObject({ leftOut: [], findings: [] });
});

test('a vnet that is as the bridge has no rule where its twin by <vlan> would be hit, and another of the domain has one', () => {
  const third: Nic = { domain: 'c', table: '100*' };
  const twins: readonly Nic[] = ['10 20', '30*'].map((table) => ({ domain: 'c', table, mac: 9 }));
  const [one, two] = twins as [Nic, Nic];
  const { text, leftOut, findings } = proposed(...PLAIN, third, one, { ...two, tag: '30' });
  expect(text.match(/mac: .*/g)).toEqual(['mac: 52:54:00:00:00:02']);
  expect({ leftOut, findings }).toEqual({ leftOut: [], findings: [] });
});

test('a vnet that has not what its <vlan> asks for is told, and one whose <vlan> is not understood', () => {
  const says = (table: string, tag: string) => proposed(...PLAIN, { domain: 'c', table, tag });
  expect(says('300*', '300')).toMatchObject({ leftOut: [], findings: [] });
  expect(says('1*', '300').leftOut).toEqual(['br0: vnet2 of c: its <vlan> asks for 300*, and it has 1*']);
  expect(says('1*', '4095').leftOut).toEqual([
    'br0: vnet2 of c: its <vlan> is not understood: id="4095"; expected a tag id from 1 to 4094',
  ]);
});

const NATIVE_TAGGED = { trunk: 'yes', tags: [{ id: '42' }, { id: '47', nativeMode: 'tagged' }] };

test('law: a proposal is valid, and whatever is wrong by it on the same host was told', () => {
  const nic = fc.record({
    domain: fc.constantFrom('a', 'b', 'c', 'd'),
    table: fc.constantFrom('10 20', '10 20', '30*', '10 20 300*', '1* 10', '42 47*t'),
    network: fc.constantFrom(undefined, undefined, 'lan', 'dmz'),
    tag: fc.constantFrom(undefined, undefined, undefined, '30', '300'),
    vlan: fc.constantFrom(undefined, undefined, undefined, NATIVE_TAGGED),
    mac: fc.constantFrom(undefined, undefined, 8, 9),
  });
  const uplink = fc.record({ domain: fc.constant('host'), table: fc.constantFrom('10 20', '1 10 20 30 300') });
  fc.assert(
    fc.property(fc.array(nic, { minLength: 1, maxLength: 6 }), fc.option(uplink), (vms, out) => {
      const { text, leftOut, findings } = proposed(...vms, ...(out ? [{ ...out, uplink: true as const }] : []));
      const isTold = (domain: string | undefined, vnet: string | undefined) =>
        leftOut.some((line) => line.includes(`${vnet} of ${domain}: `) || line.includes(`two vnets of ${domain} have`));
      const untold = findings.filter(({ domain, vnet }) => !isTold(domain, vnet));
      expect({ text, leftOut, untold }).toEqual({ text, leftOut, untold: [] });
      expect(findings.map(({ reason }) => reason)).not.toContain('intent_conflict');
    }),
    { numRuns: lawRuns(100) },
  );
});
