import fc from 'fast-check';
import { expect as assert, describe, test } from 'vitest';
import type { BridgePolicy } from '../../src/model/policy.ts';
import type { Metadata } from '../../src/model/snapshot.ts';
import { formatTable, vidRange } from '../../src/model/vlan.ts';
import { expect, matchesGlob } from '../../src/policy/expect.ts';
import type { Owner } from '../../src/policy/match.ts';
import { bridgePolicy, rule, table } from '../support/policy.ts';
import { subject } from '../support/subject.ts';

const MAC = '52:54:00:00:00:01';
const VLAN = { tags: [{ id: '42' }] };

/** As "rule: table", or the reason and what is said of it. */
function said(policy: BridgePolicy, of: Owner): string {
  const { rule, table, undecided } = expect(policy, of);
  if (undecided) return `${undecided.reason}: expected ${undecided.expected}, found ${undecided.actual}`;
  return `${rule}: ${formatTable(table)}`;
}

test('an interface of which no source speaks gets the bridge’s default', () => {
  assert(expect(bridgePolicy({ vlans: [10], pvid: 1 }), subject())).toEqual({ rule: 'default', table: table('1* 10') });
});

describe('rules', () => {
  test('the first that names the domain wins', () => {
    const policy = bridgePolicy({
      rules: [rule({ name: 'a', domains: ['k3s-*'], pvid: 100 }), rule({ name: 'b', domains: ['*'], pvid: 7 })],
    });
    assert(expect(policy, subject({ name: 'k3s-1' })).rule).toBe('a');
    assert(expect(policy, subject({ name: 'web' })).rule).toBe('b');
  });

  test('one with nothing but a MAC is for that interface of whatever domain', () => {
    const policy = bridgePolicy({ rules: [rule({ name: 'nic', mac: MAC })] });
    assert(expect(policy, subject({ name: 'any' })).rule).toBe('nic');
    assert(expect(policy, subject({}, { mac: '52:54:00:00:00:02' })).rule).toBe('default');
  });

  test('vnets of one rule share one expectation, and so do those that no rule names', () => {
    const policy = bridgePolicy({ rules: [rule({ name: 'a', domains: ['k3s-*'] })] });
    for (const [one, other] of [['k3s-1', 'k3s-2'] as const, ['web', 'db'] as const])
      assert(expect(policy, subject({ name: one }))).toBe(expect(policy, subject({ name: other })));
  });

  test('one with a MAC is for that interface only', () => {
    const policy = bridgePolicy({ rules: [rule({ name: 'lan', domains: ['fw'], mac: MAC, vlans: [10, 20] })] });
    assert(said(policy, subject({ name: 'fw' }))).toBe('lan: 10 20');
    assert(expect(policy, subject({ name: 'fw' }, { mac: '52:54:00:00:00:02' })).rule).toBe('default');
  });

  test.each([
    ['networks', 'network'],
    ['portgroups', 'portgroup'],
    ['aliases', 'alias'],
  ] as const)('%s fit the interface’s %s by name or glob, and never one that has none', (key, of) => {
    const policy = bridgePolicy({ rules: [rule({ name: 'r', [key]: ['ua-lan', 'ua-dmz-*'] })] });
    const ruleOf = (name: string | undefined) => expect(policy, subject({}, { [of]: name })).rule;
    assert(['ua-lan', 'ua-dmz-1', 'ua-wan', undefined].map(ruleOf)).toEqual(['r', 'r', 'default', 'default']);
    const any = bridgePolicy({ rules: [rule({ name: 'r', [key]: ['*'] })] });
    assert(expect(any, subject()).rule).toBe('default');
  });

  test('every selector that stands must fit', () => {
    const policy = bridgePolicy({
      rules: [rule({ domains: ['web'], mac: MAC, networks: ['lan'], aliases: ['ua-a'] })],
    });
    const whole = { network: 'lan', alias: 'ua-a' };
    assert(expect(policy, subject({}, whole)).rule).toBe('r');
    for (const other of [{ network: 'x' }, { alias: 'ua-b' }, { mac: '52:54:00:00:00:02' }])
      assert(expect(policy, subject({}, { ...whole, ...other })).rule).toBe('default');
    assert(expect(policy, subject({ name: 'db' }, whole)).rule).toBe('default');
  });

  test('one without any selector is for nothing', () => {
    assert(expect(bridgePolicy({ rules: [rule()] }), subject()).rule).toBe('default');
  });
});

describe('libvirt’s <vlan>', () => {
  test('alone wins over the bridge’s default, which is no source', () => {
    assert(said(bridgePolicy(), subject({}, { vlan: VLAN }))).toBe('libvirt: 42*');
  });

  test('and a rule that wants the same agree: the first in the bridge’s order is named', () => {
    const rules = [rule({ domains: ['*'], vlans: [], pvid: 42 })];
    const vm = subject({}, { vlan: VLAN });
    assert(said(bridgePolicy({ rules }), vm)).toBe('r: 42*');
    assert(said(bridgePolicy({ rules, intent: ['vlan', 'rules'] }), vm)).toBe('libvirt: 42*');
  });

  test('and a rule that differ are a conflict, told with both, in either order', () => {
    const rules = [rule({ domains: ['*'], vlans: [10], pvid: 100 })];
    const vm = subject({}, { vlan: VLAN });
    assert(said(bridgePolicy({ rules }), vm)).toBe(
      'intent_conflict: expected one table, found rule r wants 10 100*, <vlan> wants 42*',
    );
    assert(expect(bridgePolicy({ rules, intent: ['vlan', 'rules'] }), vm)).toMatchObject({
      rule: 'libvirt',
      table: table('42*'),
      undecided: { reason: 'intent_conflict', actual: '<vlan> wants 42*, rule r wants 10 100*' },
    });
  });

  test('is nothing where the bridge does not name it as a source', () => {
    const rules = [rule({ domains: ['*'], vlans: [10], pvid: 100 })];
    const vm = subject({}, { vlan: { tags: [{ id: '4095' }] } });
    assert(said(bridgePolicy({ rules, intent: ['rules'] }), vm)).toBe('r: 10 100*');
  });

  test('that libvirt refuses is invalid, whatever the rules say, and told with its file', () => {
    const rules = [rule({ domains: ['*'] })];
    const vm = subject({ file: '/run/libvirt/qemu/web.xml' }, { vlan: { tags: [{ id: '4095' }] } });
    for (const policy of [bridgePolicy(), bridgePolicy({ rules })])
      assert(said(policy, vm)).toBe(
        'intent_invalid: expected <vlan> with a tag id from 1 to 4094, found <vlan> in /run/libvirt/qemu/web.xml: id="4095"',
      );
    assert(expect(bridgePolicy({ vlans: [30] }), vm)).toMatchObject({ rule: 'libvirt', table: table('30') });
    const last = bridgePolicy({ rules, intent: ['vlan', 'rules'] });
    assert(expect(last, vm)).toMatchObject({
      rule: 'r',
      table: table('10 20'),
      undecided: { reason: 'intent_invalid' },
    });
  });

  test('beyond what the bridge allows is invalid', () => {
    const policy = bridgePolicy({ allowed: [vidRange(10, 41), vidRange(43)] });
    assert(said(policy, subject({}, { vlan: { tags: [{ id: '42' }, { id: '10' }] } }))).toBe(
      'intent_invalid: expected <vlan> with VLANs within the bridge\'s "allowed": 10-41 43, found <vlan>: 42',
    );
  });
});

describe('metadata', () => {
  const entries = (...attributes: Record<string, string>[]): Metadata => ({
    elements: [
      {
        name: 'interfaces',
        attributes: [],
        text: '',
        children: attributes.map((a) => ({ name: 'interface', attributes: Object.entries(a), children: [], text: '' })),
      },
    ],
  });
  const asked = subject({ metadata: entries({ vlans: '20', pvid: 'none' }) });
  const named = bridgePolicy({ pvid: 1, intent: ['rules', 'vlan', 'metadata'] });

  test('is nothing unless the bridge names it', () => {
    assert(said(bridgePolicy({ pvid: 1 }), asked)).toBe('default: 1* 10 20');
    assert(said(named, asked)).toBe('metadata: 20');
  });

  test('that says nothing of the interface leaves it to the others', () => {
    const other = { ...entries({ mac: '52:54:00:00:00:0f', pvid: '7' }) };
    assert(said(named, subject({ metadata: other }, { vlan: VLAN }))).toBe('libvirt: 42*');
  });

  test('leaves the bridge what it leaves out', () => {
    assert(said(named, subject({ metadata: entries({ pvid: '7' }) }))).toBe('metadata: 7* 10 20');
  });

  test('that is not understood is invalid, told with its file', () => {
    const vm = subject({ file: 'standard input', metadata: entries({ pvid: '5000' }) });
    assert(said(named, vm)).toBe(
      'intent_invalid: expected <interface pvid> with a VLAN id from 1 to 4094, or none, found <interface pvid> in standard input: 5000',
    );
  });

  test('beyond what the bridge allows is invalid; a rule is not bounded', () => {
    const policy = { ...named, allowed: [vidRange(10)], rules: [rule({ domains: ['db'], vlans: [20] })] };
    assert(said(policy, asked)).toMatch(/^intent_invalid: .*"allowed": 10, found <metadata>: 20$/);
    assert(said(policy, subject({ name: 'db' }))).toBe('r: 20');
  });

  test('"allowed" bounds what an entry names, and not what it leaves to the bridge', () => {
    const policy = bridgePolicy({ vlans: [10, 20], pvid: 1, intent: ['metadata'], allowed: [vidRange(200, 299)] });
    const answers = [{ vlans: '200' }, { pvid: '200' }, { vlans: '30' }, { vlans: '200', pvid: '30' }].map((entry) =>
      said(policy, subject({ metadata: entries(entry as Record<string, string>) })),
    );
    assert(answers).toEqual([
      'metadata: 1* 200',
      'metadata: 10 20 200*',
      assert.stringMatching(/^intent_invalid: .*found <metadata>: 30$/),
      assert.stringMatching(/^intent_invalid: .*found <metadata>: 30$/),
    ]);
  });

  test('that differs from two sources that agree is a conflict all the same', () => {
    const rules = [rule({ domains: ['*'], vlans: [], pvid: 42 })];
    assert(said({ ...named, rules }, subject({ ...asked.domain }, { vlan: VLAN }))).toBe(
      'intent_conflict: expected one table, found rule r wants 42*, <vlan> wants 42*, <metadata> wants 20',
    );
  });

  test('and <vlan> that differ are a conflict', () => {
    assert(said(named, subject({ ...asked.domain }, { vlan: VLAN }))).toBe(
      'intent_conflict: expected one table, found <vlan> wants 42*, <metadata> wants 20',
    );
  });
});

describe('globs', () => {
  test.each([
    ['vyos-01', 'vyos-01', true],
    ['vyos-01', 'vyos-011', false],
    ['k3s-*', 'k3s-', true],
    ['*-01', 'a-01-01', true],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['a.c', 'abc', false],
    ['*a*b*', 'xxaxxbxx', true],
    ['', '', true],
    ['*', '', true],
  ])('%s fits %s: %s', (pattern, name, fits) => {
    assert(matchesGlob(pattern, name)).toBe(fits);
  });

  test('fit what the regular expression of the same meaning fits', () => {
    const text = (...of: string[]) => fc.string({ unit: fc.constantFrom(...of), maxLength: 8 });
    fc.assert(
      fc.property(text('a', 'b', '*', '?'), text('a', 'b'), (pattern, name) => {
        const regex = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`);
        assert(matchesGlob(pattern, name)).toBe(regex.test(name));
      }),
      { numRuns: 1000 },
    );
  });
});
