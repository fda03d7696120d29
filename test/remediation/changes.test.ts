import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bridgeCommand } from '../../src/model/bridge-command.ts';
import { hasVid, listVids, pvidOf, sameTable } from '../../src/model/vlan.ts';
import { changesBetween } from '../../src/remediation/changes.ts';
import { table } from '../support/policy.ts';
import { applyChange, applyChanges, tables } from './port-model.ts';

const commands = (from: string, to: string) => changesBetween('vnet1', table(from), table(to)).map(bridgeCommand);

test('a fresh tap becomes a vnet of the PVID-100 list: members as ranges, then the PVID in one step, VLAN 1 last', () => {
  expect(commands('1*', '10 20-22 100*')).toEqual([
    'bridge vlan add vid 10 dev vnet1',
    'bridge vlan add vid 20-22 dev vnet1',
    'bridge vlan add vid 100 dev vnet1 pvid untagged',
    'bridge vlan del vid 1 dev vnet1',
  ]);
});

test('a former PVID that stays as a member is retagged only after the switch', () => {
  expect(commands('10 100*', '10* 100')).toEqual([
    'bridge vlan add vid 10 dev vnet1 pvid untagged',
    'bridge vlan add vid 100 dev vnet1',
  ]);
});

test('a former PVID that stays untagged needs no command of its own', () => {
  expect(commands('1*', '1u 100*')).toEqual(['bridge vlan add vid 100 dev vnet1 pvid untagged']);
});

test('"pvid: none" is reached by adding the VLAN again without pvid', () => {
  expect(commands('10 100*', '10 100')).toEqual(['bridge vlan add vid 100 dev vnet1']);
});

test('a tagged PVID is mended in one step', () => {
  expect(commands('100*t', '100*')).toEqual(['bridge vlan add vid 100 dev vnet1 pvid untagged']);
});

test('a port without VLANs gets all of them', () => {
  expect(commands('', '10 100*')).toEqual([
    'bridge vlan add vid 10 dev vnet1',
    'bridge vlan add vid 100 dev vnet1 pvid untagged',
  ]);
});

test('equal tables need nothing', () => {
  expect(commands('10 100*', '10 100*')).toEqual([]);
});

test('a port name that a shell would take apart is quoted', () => {
  const [change] = changesBetween("a'b#c", [], table('10'));
  expect(change && bridgeCommand(change)).toBe(`bridge vlan add vid 10 dev 'a'\\''b#c'`);
});

test('the changes lead from any table to any other, and back', () => {
  fc.assert(
    fc.property(tables, tables, (from, to) => {
      expect(applyChanges(from, changesBetween('p', from, to))).toEqual(to);
      expect(applyChanges(to, changesBetween('p', to, from))).toEqual(from);
    }),
    { numRuns: 2000 },
  );
});

test('on the way there is never a moment without PVID where both ends have one, and the PVID changes at most once', () => {
  fc.assert(
    fc.property(tables, tables, (from, to) => {
      let now = from;
      const seen = [pvidOf(from)];
      for (const change of changesBetween('p', from, to)) {
        now = applyChange(now, change);
        if (seen.at(-1) !== pvidOf(now)) seen.push(pvidOf(now));
      }
      expect(seen).toEqual(pvidOf(from) === pvidOf(to) ? [pvidOf(from)] : [pvidOf(from), pvidOf(to)]);
    }),
    { numRuns: 2000 },
  );
});

test('a VLAN that both tables have is a member all the way', () => {
  fc.assert(
    fc.property(tables, tables, (from, to) => {
      const both = listVids(from, 4094).filter((id) => hasVid(to, id));
      let now = from;
      for (const change of changesBetween('p', from, to)) {
        now = applyChange(now, change);
        expect(listVids(now, 4094)).toEqual(expect.arrayContaining(both));
      }
    }),
  );
});

test('no change can be left out', () => {
  fc.assert(
    fc.property(tables, tables, (from, to) => {
      const changes = changesBetween('p', from, to);
      changes.forEach((_, i) => {
        expect(sameTable(applyChanges(from, changes.toSpliced(i, 1)), to)).toBe(false);
      });
    }),
  );
});
