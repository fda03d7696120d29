import { expect, test } from 'vitest';
import { isHolding } from '../../src/model/remediator-status.ts';
import { statusAt } from '../support/status.ts';

test('something is held where a vnet is, and where only the reason or the policy is named, as by older versions', () => {
  const held = [{ bridge: 'br0', domain: 'a', vnet: 'vnet0', changes: [] }];
  expect(isHolding(statusAt(1))).toBe(false);
  for (const more of [{ held }, { heldProblem: 'it waits' }, { heldPolicySha256: 'a' }])
    expect(isHolding(statusAt(1, more))).toBe(true);
});
