// Proposals for hosts on which two things do not go together: none is at once not compliant, but where it says so.
import { expect, test } from 'vitest';
import { inferConfig } from '../../src/config/infer.ts';
import { parseSettings } from '../../src/config/load.ts';
import { evaluate } from '../../src/policy/evaluate.ts';
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
