import { expect, test } from 'vitest';
import { healOnce } from '../../src/remediation/heal-once.ts';
import { createFleet, policyOf, WELL } from './fleet.ts';

test('somebody else holds the lock: after 30 s nothing was changed, and it is said who', async () => {
  const fleet = createFleet(1);
  let asked = 0;
  const take = async () => {
    asked++;
    fleet.pass(20_000);
    return { held: false as const, holder: 'remediate, process 7' };
  };
  const healed = await healOnce(fleet.host, policyOf(100), [], () => [], take);
  expect(healed).toEqual({ kind: 'locked', holder: 'remediate, process 7' });
  expect([asked, await fleet.tableOf(1)]).toEqual([2, '1*']);
});

test('a lock that comes free is waited for, and given back', async () => {
  const fleet = createFleet(1);
  let isFree = false;
  let released = 0;
  const take = async () => {
    if (isFree) return { held: true as const, release: async () => void released++ };
    isFree = true;
    return { held: false as const, holder: 'remediate, process 7' };
  };
  const healed = await healOnce(fleet.host, policyOf(100), [], () => [], take);
  expect(healed).toMatchObject({ kind: 'healed', decisions: [{ domain: 'vm-1', outcome: 'verified' }] });
  expect([released, await fleet.tableOf(1)]).toEqual([1, WELL]);
});
