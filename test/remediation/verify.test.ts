import { expect, test } from 'vitest';
import { vidRange } from '../../src/model/vlan.ts';
import { vnetPlan } from '../../src/remediation/plan.ts';
import { type Fresh, verify } from '../../src/remediation/verify.ts';
import { table } from '../support/policy.ts';

const MAC = '52:54:00:00:00:01';
const VNET = { bridge: 'br0', domain: 'web', vnet: 'vnet1', mac: MAC };
const unread = { ok: false as const, error: 'no' };

const fresh = (now: string, more: Partial<Fresh> = {}): Fresh => ({
  vlans: { ok: true, value: new Map([['vnet1', table(now)]]) },
  ports: { ok: true, value: new Map([['br0', new Set(['vnet1'])]]) },
  fdb: undefined,
  ...more,
});

const kind = (before: string, now: string, after = '10 20 100*') =>
  verify(vnetPlan(VNET, table(before), table(after)), fresh(now)).kind;

test.each([
  ['the PVID is gone', '7* 10', '10', 'worse'],
  ['the right PVID is a wrong one', '100*', '10* 20 100', 'worse'],
  ['as many rows are wrong as before, and the PVID as well', '7* 10', '7* 20', 'failed'],
  ['more rows are wrong', '7* 10 20', '7* 10', 'worse'],
  ['more rows are wrong, but a wrong PVID is nearer than none', '10 20', '7*', 'failed'],
  ['fewer rows are wrong', '7*', '7* 10', 'failed'],
  ['nothing is left', '7*', 'none', 'worse'],
  ['all is right', '7*', '10 20 100*', 'verified'],
] as const)('where %s: from %s to %s is %s', (_, before, now, expected) => {
  expect(kind(before, now)).toBe(expected);
});

test('what cannot be read back has failed, with what was said', () => {
  const plan = vnetPlan(VNET, table('1*'), table('100*'));
  for (const part of [{ vlans: unread }, { ports: unread }])
    expect(verify(plan, fresh('100*', part))).toEqual({
      kind: 'failed',
      actual: undefined,
      problem: 'could not be read back: no',
    });
});

test('a port that is not on its bridge has vanished, though it has a table', () => {
  const plan = vnetPlan(VNET, table('1*'), table('100*'));
  for (const ports of [new Map([['br0', new Set<string>()]]), new Map([['br1', new Set(['vnet1'])]])])
    expect(verify(plan, fresh('100*', { ports: { ok: true, value: ports } }))).toEqual({
      kind: 'vanished',
      problem: 'vnet1 left br0',
    });
});

test('of a port whose FDB libvirt keeps, the entries are verified, too', () => {
  const fdb = { add: [vidRange(20)], remove: [vidRange(1)] };
  const plan = vnetPlan({ ...VNET, fdb }, table('1 20'), table('20'));
  const problem = (of: Fresh['fdb']) => {
    const found = verify(plan, fresh('20', { fdb: of }));
    if (found.kind === 'verified') return undefined;
    expect(found).toMatchObject({ kind: 'failed', actual: table('20') });
    return found.problem;
  };
  const entries = (...vids: number[]) =>
    problem({ ok: true, value: new Map([['vnet1', new Map([[MAC, vids.map((vid) => vidRange(vid))]])]]) });
  expect(entries(20)).toBeUndefined();
  expect(entries(1, 20)).toBe(`still with an FDB entry for ${MAC} in 1`);
  expect(entries()).toBe(`without an FDB entry for ${MAC} in 20`);
  expect(problem({ ok: true, value: new Map() })).toBe(`without an FDB entry for ${MAC} in 20`);
  expect(problem(unread)).toBe('its FDB could not be read back: no');
  expect(problem(undefined)).toBe('its FDB could not be read back: not read');
});
