import { expect, test } from 'vitest';
import { bridgeCommand, firstCommands, MAX_COMMANDS } from '../../src/model/bridge-command.ts';
import type { Change, VlanChange } from '../../src/model/plan.ts';
import { vid } from '../../src/model/vlan.ts';

const change = (id: number): VlanChange => ({
  action: 'add',
  port: 'vnet1',
  first: vid(id),
  last: vid(id),
  pvid: false,
  untagged: false,
});
const changes = (count: number) => Array.from({ length: count }, (_, i) => change(2 * i + 1));

test('of thousands of changes, the first are kept as commands, and how many there are', () => {
  expect(firstCommands(changes(2))).toEqual(['bridge vlan add vid 1 dev vnet1', 'bridge vlan add vid 3 dev vnet1']);
  expect(firstCommands(changes(MAX_COMMANDS))).toHaveLength(MAX_COMMANDS);
  expect(firstCommands(changes(2047)).slice(MAX_COMMANDS)).toEqual(['and 1997 more']);
});

test.each<[Change, string]>([
  [{ ...change(7), pvid: true, untagged: true }, 'bridge vlan add vid 7 dev vnet1 pvid untagged'],
  [{ ...change(7), last: vid(9), untagged: true }, 'bridge vlan add vid 7-9 dev vnet1 untagged'],
  [{ ...change(7), action: 'delete' }, 'bridge vlan del vid 7 dev vnet1'],
  [{ action: 'fdb add', port: 'vnet1', mac: 'MAC', vid: 7 }, 'bridge fdb replace MAC dev vnet1 vlan 7 master static'],
  [{ action: 'fdb delete', port: 'vnet1', mac: 'MAC', vid: 7 }, 'bridge fdb del MAC dev vnet1 vlan 7 master'],
  [{ ...change(7), port: "a'b" }, "bridge vlan add vid 7 dev 'a'\\''b'"],
])('%j is %s', (of, command) => {
  expect(bridgeCommand(of)).toBe(command);
});
