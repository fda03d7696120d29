import { expect, test } from 'vitest';
import { changeRequest } from '../../../../src/host/linux/netlink/changes.ts';
import type { VlanChange } from '../../../../src/model/plan.ts';
import { vid } from '../../../../src/model/vlan.ts';

function change(action: VlanChange['action'], first: number, last = first, flags = ''): VlanChange {
  const [pvid, untagged] = [flags.includes('p'), flags.includes('u')];
  return { action, port: 'rec3', first: vid(first), last: vid(last), pvid, untagged };
}
const hex = (...of: [VlanChange, ...VlanChange[]]) => changeRequest(7, ...of).toString('hex');
const HEAD = '00000000000000000700000007000000' + '0000000000000000';

test('a VLAN is added with its flags, a range by its two ends, each with a request for an answer', () => {
  expect(hex(change('add', 100, 100, 'pu'))).toBe(`2c00000013000500${HEAD}0c001a800800020006006400`);
  expect(hex(change('add', 10, 20))).toBe(`3400000013000500${HEAD}14001a800800020008000a000800020010001400`);
  expect(hex(change('add', 10, 20, 'u'))).toContain('0c000a00' + '08000200' + '14001400');
});

test('a VLAN is deleted by RTM_DELLINK, without flags', () => {
  expect(hex(change('delete', 7, 7, 'pu'))).toBe(`2c00000011000500${HEAD}0c001a800800020000000700`);
});

test('several VLANs of one port are one request, in their order', () => {
  const added = hex(change('add', 10, 20), change('add', 100, 100, 'pu'));
  expect(added).toBe(`3c00000013000500${HEAD}1c001a800800020008000a0008000200100014000800020006006400`);
  const deleted = hex(change('delete', 7), change('delete', 9));
  expect(deleted).toBe(`3400000011000500${HEAD}14001a8008000200000007000800020000000900`);
});
