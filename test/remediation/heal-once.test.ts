import { expect, test, vi } from 'vitest';
import { STATUS_FILE } from '../../src/model/remediator-paths.ts';
import { type RemediatorStatus, renderStatus } from '../../src/model/remediator-status.ts';
import { readAgreement } from '../../src/remediation/agreement.ts';
import { healOnce } from '../../src/remediation/heal-once.ts';
import { createFleet, policyOf, WELL } from './fleet.ts';

test('somebody else holds the lock: after 30 s nothing was changed, and it is said who', async () => {
  const fleet = createFleet(1);
  let asked = 0;
  const take = async () => {
    asked++;
    fleet.pass(15_000);
    return { held: false as const, holder: 'remediate, process 7' };
  };
  const healed = await healOnce(fleet.host, policyOf(100), [], () => [], take);
  expect(healed).toEqual({ kind: 'locked', holder: 'remediate, process 7' });
  expect([asked, await fleet.tableOf(1)]).toEqual([3, '1*']);
});

/** The lock, and how often it was given back. */
function freeLock() {
  const lock = { released: 0, take: async () => ({ held: true as const, release: async () => void lock.released++ }) };
  return lock;
}

test('a lock that cannot be taken is told as that, and nothing was changed', async () => {
  const fleet = createFleet(1);
  const take = async () => ({ held: false as const, problem: 'EACCES: permission denied' });
  expect(await healOnce(fleet.host, policyOf(100), [], () => [], take)).toEqual({
    kind: 'refused',
    problems: ['the lock cannot be taken: EACCES: permission denied; heal must run as root'],
  });
  expect(await fleet.tableOf(1)).toBe('1*');
});

test('a host that is refused is not changed, and the lock is given back', async () => {
  const fleet = createFleet(1);
  const lock = freeLock();
  expect(await healOnce(fleet.host, policyOf(100), [], () => ['no such domain'], lock.take)).toEqual({
    kind: 'refused',
    problems: ['no such domain'],
  });
  expect([lock.released, await fleet.tableOf(1)]).toEqual([1, '1*']);
});

test('to heal all is to accept the policy, where all could be read; to heal one domain is not', async () => {
  const word = async (domains: readonly string[], isRead = true) => {
    const fleet = createFleet(11);
    const { status } = await fleet.cycle('startup');
    fleet.host.writeFile(STATUS_FILE, renderStatus(status));
    fleet.host.forbid('/run/libvirt/qemu', !isRead);
    fleet.host.forbid('/etc/libvirt/qemu', !isRead);
    const healed = await healOnce(fleet.host, policyOf(100), domains, () => [], freeLock().take);
    expect(healed).toMatchObject({ kind: 'healed', unagreed: undefined, unwritten: [] });
    return readAgreement(fleet.host);
  };
  expect([await word([]), await word(['vm-1']), await word([], false)]).toEqual(['pvid 100', undefined, undefined]);
});

/** A fleet whose remediator goes by PVID 100, and what becomes of a heal by PVID 20, where its status says this as well. Each look at it takes a second. */
async function withRemediator() {
  const fleet = createFleet(2);
  const { status } = await fleet.cycle('startup');
  const publish = (told: Partial<RemediatorStatus>) =>
    fleet.host.writeFile(STATUS_FILE, renderStatus({ ...status, ...told }));
  const { stat } = fleet.host;
  let looks = 0;
  vi.spyOn(fleet.host, 'stat').mockImplementation((path) => {
    if (path === STATUS_FILE) {
      looks++;
      fleet.pass(1000);
    }
    return stat(path);
  });
  const heal = async () => {
    looks = 0;
    const healed = await healOnce(fleet.host, policyOf(20), ['vm-1'], () => [], freeLock().take);
    return healed.kind === 'refused' ? healed.problems : healed.kind;
  };
  return { fleet, publish, heal, looks: () => looks };
}

test('where the remediator would put it back, since it was not told of the policy, nothing is changed', async () => {
  const { fleet, publish, heal, looks } = await withRemediator();
  publish({});
  expect(await heal()).toEqual([expect.stringContaining('systemctl reload libvirt-vlan-remediator, then heal again')]);
  expect([looks(), await fleet.tableOf(1)]).toEqual([11, WELL]);
  for (const told of [{ paused: true }, { dryRun: true }, { policySha256: '' }, { heldPolicySha256: 'pvid 20' }]) {
    publish(told);
    expect([await heal(), looks()]).toEqual(['healed', 1]);
  }
});

test('a remediator that was told a moment ago has the time to take the policy', async () => {
  const { publish, heal, looks } = await withRemediator();
  publish({});
  const healed = heal();
  publish({ heldPolicySha256: 'pvid 20' });
  expect([await healed, looks()]).toEqual(['healed', 2]);
});

test('of a heal that cannot be written into the journal it is told why', async () => {
  const fleet = createFleet(1);
  vi.spyOn(fleet.host.journal, 'write').mockResolvedValue('no journald');
  const healed = await healOnce(fleet.host, policyOf(100), [], () => [], freeLock().take);
  expect(healed).toMatchObject({ kind: 'healed', decisions: [{ trigger: 'heal' }], unwritten: ['no journald'] });
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
