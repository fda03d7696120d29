import { expect, test, vi } from 'vitest';
import { AGREED_FILE, STATUS_FILE } from '../../src/model/remediator-paths.ts';
import { renderStatus } from '../../src/model/remediator-status.ts';
import { agree, readAgreement } from '../../src/remediation/agreement.ts';
import { createFleet, policyOf } from './fleet.ts';

/** A host with the status that a remediator of this policy publishes; `told`: what the config is now. */
async function running(told = policyOf(100)) {
  const fleet = createFleet(11);
  await fleet.cycle('startup');
  fleet.use(told);
  const { status } = await fleet.cycle('reload');
  fleet.host.writeFile(STATUS_FILE, renderStatus(status));
  return fleet;
}

test('the remediator that runs is told, of a held policy and of the one in force', async () => {
  for (const policy of [policyOf(20), policyOf(100)]) {
    const { host } = await running(policyOf(20));
    expect(agree(host, policy)).toBeUndefined();
    expect(readAgreement(host)).toBe(policy.sha256);
  }
});

test('one that goes by another policy still is told too, and the operator that it may not have heard', async () => {
  const { host } = await running();
  expect(agree(host, policyOf(20))).toContain('systemctl reload libvirt-vlan-remediator, then heal again');
  expect(readAgreement(host)).toBe('pvid 20');
});

test('where none runs, or one that died or hangs, no word is left for the next; of the latter the operator is told', async () => {
  const fleet = createFleet(1);
  expect(agree(fleet.host, policyOf(100))).toBeUndefined();
  const dead = await running();
  dead.pass(3_600_000);
  expect(agree(dead.host, policyOf(100))).toContain('its status is old');
  for (const { host } of [fleet, dead]) expect(host.stat(AGREED_FILE)).toBeUndefined();
});

test('where the status cannot be read, the word is left all the same', async () => {
  const { host } = await running();
  host.writeFile(STATUS_FILE, 'torn');
  expect(agree(host, policyOf(20))).toBeUndefined();
  expect(readAgreement(host)).toBe('pvid 20');
});

test('anybody may read the word', async () => {
  const { host } = await running();
  const replaceFile = vi.spyOn(host, 'replaceFile');
  agree(host, policyOf(20));
  expect(replaceFile).toHaveBeenCalledWith(AGREED_FILE, 'pvid 20\n', { mode: 0o644 });
});

test('a word that cannot be written is told', async () => {
  const { host } = await running();
  const replaceFile = () => {
    throw new Error('EROFS: read-only file system');
  };
  expect(agree({ ...host, replaceFile }, policyOf(100))).toMatch(/EROFS/);
});
