import { expect, test } from 'vitest';
import { firstCommands, MAX_COMMANDS } from '../../src/model/bridge-command.ts';
import type { VlanChange } from '../../src/model/plan.ts';
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
